import { HqError } from '@hq/shared/errors';
import type { Handle } from '../../contract/card.ts';
import type { Argument, ArgumentValues } from '../../contract/command.ts';
import type { Inbound } from '../../contract/inbound.ts';
import type { Intent } from '../api/chat-api.ts';
import type { Command, Services } from '../commands/command.ts';
import type { CommandRegistry } from '../parse/command-registry.ts';
import { parseCommand } from '../parse/parse-command.ts';
import { parseValues } from '../parse/parse-value.ts';
import type { PendingPrompt } from '../parse/pending-prompts.ts';

/** The work that a delivery asks for, as far as it is known without the database. */
export type Plan =
  /** Not addressed to HQ. */
  | { readonly kind: 'ignore' }
  | { readonly kind: 'fail'; readonly error: HqError }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly values: ArgumentValues;
      /** The values are answers to questions: a wrong one is asked for again. */
      readonly isAnswer?: boolean;
      readonly leaves?: PendingPrompt;
    }
  /** Asks again for an argument after a wrong answer. */
  | {
      readonly kind: 'ask';
      readonly command: Command;
      readonly values: ArgumentValues;
      readonly argument: Argument;
      readonly problem: HqError;
    }
  /** Prompts for a missing argument. `token` is that of the button that asked for the prompt. */
  | {
      readonly kind: 'prompt';
      readonly command: Command;
      readonly values: ArgumentValues;
      readonly token: string | null;
      /** The form holds this when it opens again, and this is the message that it is about. */
      readonly again?: Pick<Intent, 'filled' | 'message'>;
      readonly leaves?: PendingPrompt;
    }
  /** A button or a form: the database accepts or refuses it. The command is unknown if an earlier process made it. */
  | {
      readonly kind: 'press';
      readonly token: string;
      readonly filled: ArgumentValues;
      readonly isForm: boolean;
      readonly command: Command | undefined;
    };

type RoutingServices = Pick<Services, 'buttons' | 'prompts' | 'registry'>;

/** `allCommands` includes the commands of buttons, which nobody can type. */
export function routeDelivery(
  inbound: Inbound,
  services: RoutingServices,
  allCommands: CommandRegistry<Command>,
): Plan {
  const { input } = inbound;
  const posted = postedCode(inbound, services.registry);
  if (posted !== null) return posted;
  if (input.kind === 'button') return routeToken(input.token, {}, false, services, allCommands);
  if (input.kind === 'form') {
    return routeToken(input.token, withoutBlanks(input.values), true, services, allCommands);
  }
  try {
    const answered = input.kind === 'words' ? routeWords(inbound, input, services, allCommands) : null;
    if (answered !== null) return answered;
    const { command, values, missing } = parseCommand(input, services.registry);
    if (command.directOnly === true && inbound.kind === 'group')
      return { kind: 'fail', error: inPublic(command) };
    const leaves = services.prompts.find(inbound)?.takesWords ? services.prompts.take(inbound) : null;
    const left = leaves === null ? {} : { leaves };
    return missing.length > 0
      ? { kind: 'prompt', command, values, token: null, ...left }
      : { kind: 'run', command, values, ...left };
  } catch (error) {
    // Shown with every other error, after the acknowledgement.
    if (error instanceof HqError) return { kind: 'fail', error };
    throw error;
  }
}

/** A code of `hq-tui chat code`. */
const linkCode = /\bhq_[A-Za-z0-9_-]{24}(?![A-Za-z0-9_-])/u;

/** Withdraws a code that was written where others may read it, in whatever words; null if there is none. */
export function postedCode({ kind, input }: Inbound, registry: CommandRegistry<Command>): Plan | null {
  const texts =
    input.kind === 'words' ? [input.text] : input.kind === 'options' ? Object.values(input.options) : [];
  const [code] = kind === 'group' ? (linkCode.exec(texts.join('\n')) ?? []) : [];
  const command = registry.byName('link');
  return code === undefined || command === undefined ? null : { kind: 'run', command, values: { code } };
}

function inPublic({ title, name }: Command): HqError {
  return new HqError('refused', `${title} works in a direct message only.`, {
    hint: `Others may read along here. Send \`${name}\` to the bot in a direct message.`,
  });
}

function routeToken(
  token: string,
  filled: ArgumentValues,
  isForm: boolean,
  { buttons }: RoutingServices,
  allCommands: CommandRegistry<Command>,
): Plan {
  const intent = buttons.recall(token);
  const command = intent === undefined ? undefined : allCommands.byName(intent.command);
  return command !== undefined && !isForm && intent?.form === true
    ? { kind: 'prompt', command, values: intent.values, token, ...(intent.filled && { again: intent }) }
    : { kind: 'press', token, filled, isForm, command };
}

const cancelWord = /^(?:cancel|stop|abort|quit|never ?mind)[.!]*$/iu;

/** Takes words as the answer to an open prompt, or as its end; null if they are a command. */
function routeWords(
  inbound: Inbound,
  { text, answer = false }: Extract<Inbound['input'], { kind: 'words' }>,
  { prompts, registry }: RoutingServices,
  allCommands: CommandRegistry<Command>,
): Plan | null {
  const prompt = prompts.find(inbound);
  const command = prompt === null ? undefined : allCommands.byName(prompt.command);
  const argument = command?.arguments.find(({ name }) => name === prompt?.field);
  const isAnswer = answer && prompt?.takesWords === true;
  if (prompt === null || command === undefined || argument === undefined)
    return ignoredUnless(!answer, inbound);
  const words = text.trim();
  if (!isChoice(words, argument)) {
    const leave = allCommands.byName(prompt.leave.command);
    if (cancelWord.test(words) && leave !== undefined) {
      prompts.take(inbound);
      return { kind: 'run', command: leave, values: prompt.leave.values, leaves: prompt };
    }
    // In a group only a reply to the question arrives as an answer, so it always is one.
    if (isAnswer && inbound.kind === 'direct' && isCommand(words, argument, registry)) return null;
  }
  if (!isAnswer) return ignoredUnless(!answer, inbound);
  return takeAnswer(prompt, command, argument, unquoted(words, argument, registry), () =>
    prompts.take(inbound),
  );
}

/** In a group, words that are neither a command nor an answer are not for HQ. */
function ignoredUnless(isCommand: boolean, { kind }: Inbound): Plan | null {
  return isCommand || kind === 'direct' ? null : { kind: 'ignore' };
}

function takeAnswer(
  prompt: PendingPrompt,
  command: Command,
  argument: Argument,
  answer: string,
  close: () => void,
): Plan {
  try {
    const values = parseValues(command, { ...prompt.values, [argument.name]: answer });
    close();
    return { kind: 'run', command, values, isAnswer: true };
  } catch (problem) {
    if (!(problem instanceof HqError)) throw problem;
    return { kind: 'ask', command, values: prompt.values, argument, problem };
  }
}

function isChoice(words: string, { choices }: Argument): boolean {
  return choices?.some(({ value, label }) => [value, label].includes(words)) === true;
}

/** Any command where names are asked for; in place of free text only the whole name of one. */
function isCommand(words: string, { choices, completion }: Argument, registry: CommandRegistry): boolean {
  const found = registry.find(words.split(/\s+/u));
  if (found === null || choices !== undefined || completion !== null) return found !== null;
  return (
    found.rest.length === 0 && registry.byName(words.toLowerCase().replaceAll(/[\s-]+/gu, '_')) !== undefined
  );
}

/** Quotes make an answer of what would leave the question. */
function unquoted(words: string, argument: Argument, registry: CommandRegistry): string {
  const [, inner] = /^["“”„'‘’«»`](.+)["“”'‘’«»`]$/su.exec(words) ?? [];
  const leaves = inner !== undefined && (cancelWord.test(inner) || isCommand(inner, argument, registry));
  return leaves ? inner : words;
}

/** The message whose button was pressed or whose form was sent. */
export function sourceMessage(
  { input }: Inbound,
  buttons: Pick<Services['buttons'], 'recall'>,
): Handle | null {
  if (input.kind === 'button') return input.message;
  if (input.kind !== 'form') return null;
  const intent = buttons.recall(input.token);
  // A form that was corrected was opened from the card of its errors.
  if (intent?.filled !== undefined) return intent.message ?? null;
  // Some platforms do not name the message that opened a form.
  return input.message ?? intent?.message ?? null;
}

function withoutBlanks(values: ArgumentValues): ArgumentValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''));
}
