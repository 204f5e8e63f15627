import { HqError } from '@hq/shared/errors';
import type { Handle } from '../../contract/card.ts';
import type { ArgumentValues } from '../../contract/command.ts';
import type { Inbound } from '../../contract/inbound.ts';
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
  | { readonly kind: 'run'; readonly command: Command; readonly values: ArgumentValues }
  /** Prompts for a missing argument. `token` is that of the button that asked for the prompt. */
  | {
      readonly kind: 'prompt';
      readonly command: Command;
      readonly values: ArgumentValues;
      readonly token: string | null;
    }
  /** A button or a form: the database accepts or refuses it. The command is unknown if an earlier process made it. */
  | {
      readonly kind: 'press';
      readonly token: string;
      readonly filled: ArgumentValues;
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
  if (input.kind === 'button') return routeToken(input.token, {}, false, services, allCommands);
  if (input.kind === 'form') {
    return routeToken(input.token, withoutBlanks(input.values), true, services, allCommands);
  }
  try {
    if (input.kind === 'words' && input.answer === true) {
      const answered = routeAnswer(inbound, input.text, services, allCommands);
      if (answered !== null) return answered;
      if (inbound.kind === 'group') return { kind: 'ignore' };
    }
    const { command, values, missing } = parseCommand(input, services.registry);
    return missing.length > 0
      ? { kind: 'prompt', command, values, token: null }
      : { kind: 'run', command, values };
  } catch (error) {
    // Shown with every other error, after the acknowledgement.
    if (error instanceof HqError) return { kind: 'fail', error };
    throw error;
  }
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
    ? { kind: 'prompt', command, values: intent.values, token }
    : { kind: 'press', token, filled, command };
}

/** Takes words as the answer to a pending prompt; null if there is none, or if they are another command. */
function routeAnswer(
  inbound: Inbound,
  text: string,
  { prompts, registry }: RoutingServices,
  allCommands: CommandRegistry<Command>,
): Plan | null {
  const prompt = prompts.take(inbound);
  const command = prompt === null ? undefined : allCommands.byName(prompt.command);
  if (prompt === null || command === undefined) return null;
  if (isAnotherCommand(inbound, text, command, prompt, registry)) {
    // The prompt stays open.
    prompts.put(inbound, prompt);
    return null;
  }
  try {
    const values = parseValues(command, { ...prompt.values, [prompt.field]: text.trim() });
    return { kind: 'run', command, values };
  } catch (error) {
    // An invalid answer can be corrected.
    prompts.put(inbound, prompt);
    throw error;
  }
}

/** In a group only a reply to the prompt arrives here, so it always is the answer. */
function isAnotherCommand(
  { kind }: Inbound,
  text: string,
  command: Command,
  { field }: PendingPrompt,
  registry: CommandRegistry,
): boolean {
  const prompted = command.arguments.find(({ name }) => name === field);
  const isListed = prompted?.choices !== undefined || (prompted?.completion ?? null) !== null;
  const isChoice =
    prompted?.choices?.some(({ value, label }) => [value, label].includes(text.trim())) === true;
  return kind === 'direct' && isListed && !isChoice && registry.find(text.trim().split(/\s+/u)) !== null;
}

/** The message whose button was pressed or whose form was sent. */
export function sourceMessage(
  { input }: Inbound,
  buttons: Pick<Services['buttons'], 'recall'>,
): Handle | null {
  if (input.kind === 'button') return input.message;
  // Some platforms do not name the message that opened a form.
  return input.kind === 'form' ? (input.message ?? buttons.recall(input.token)?.message ?? null) : null;
}

function withoutBlanks(values: ArgumentValues): ArgumentValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''));
}
