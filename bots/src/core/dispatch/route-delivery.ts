import { HqError } from '@hq/shared/errors';
import type { Handle } from '../../contract/card.ts';
import type { Command, CommandRequest } from '../../contract/command.ts';
import type { Services } from '../../contract/command-context.ts';
import type { Inbound } from '../../contract/inbound.ts';
import type { CommandRegistry } from '../parse/command-registry.ts';
import { parseCommand } from '../parse/parse-command.ts';
import { parseValues } from '../parse/parse-value.ts';

/** What to do with a delivery, as far as it is known without asking anybody. */
export type Plan =
  /** It is not for HQ. */
  | { readonly kind: 'ignore' }
  /** It cannot be understood. */
  | { readonly kind: 'fault'; readonly error: HqError }
  /** `token` is the button's, which the database has to take. */
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly values: Values;
      readonly token: string | null;
    }
  /** Something that it needs was not said. `token` is that of the button that asks for it. */
  | {
      readonly kind: 'ask';
      readonly command: Command;
      readonly values: Values;
      readonly token: string | null;
    }
  /** A button or a form of an earlier run: the database says what it means. */
  | { readonly kind: 'recall'; readonly token: string; readonly filled: Values };

type Values = CommandRequest['values'];

/** `requests` knows what buttons name, too. */
export function routeDelivery(
  inbound: Inbound,
  services: Pick<Services, 'buttons' | 'prompts' | 'registry'>,
  requests: CommandRegistry,
): Plan {
  const { input } = inbound;
  if (input.kind === 'button' || input.kind === 'form') {
    const filled = input.kind === 'form' ? filledIn(input.values) : {};
    const intent = services.buttons.recall(input.token);
    const command = intent === undefined ? undefined : requests.byName(intent.command);
    if (command === undefined || intent === undefined) return { kind: 'recall', token: input.token, filled };
    if (input.kind === 'button' && intent.form === true)
      return { kind: 'ask', command, values: intent.values, token: input.token };
    return { kind: 'run', command, values: { ...intent.values, ...filled }, token: input.token };
  }
  if (input.kind === 'words' && input.answer === true) {
    const question = services.prompts.take(inbound);
    const command = question === null ? undefined : requests.byName(question.command);
    const goesOn =
      command !== undefined &&
      question !== null &&
      isAnotherCommand(inbound, input.text, command, question.field, services.registry);
    // It may still be answered.
    if (goesOn) services.prompts.put(inbound, question);
    else if (question !== null && command !== undefined) {
      const values = { ...question.values, [question.field]: input.text.trim() };
      const plan = answered(command, values);
      // Who answered something that it cannot be answers once more.
      if (plan.kind === 'fault') services.prompts.put(inbound, question);
      return plan;
    }
    if (inbound.kind === 'group') return { kind: 'ignore' };
  }
  const understood = parseCommand(input, services.registry);
  if (understood.kind === 'fault') return understood;
  const { command, values, missing } = understood;
  return missing.length > 0
    ? { kind: 'ask', command, values, token: null }
    : { kind: 'run', command, values, token: null };
}

/**
 * Whether somebody who was asked for a name or a choice says a command instead. In a group an answer is a reply to the question, and nothing
 * else.
 */
function isAnotherCommand(
  { kind }: Inbound,
  text: string,
  { arguments: all }: Command,
  field: string,
  registry: CommandRegistry,
): boolean {
  const context = all.find(({ name }) => name === field);
  const isListed = context?.choices !== undefined || (context?.completion ?? null) !== null;
  const isChoice =
    context?.choices?.some(({ value, label }) => [value, label].includes(text.trim())) === true;
  return kind === 'direct' && isListed && !isChoice && registry.find(text.trim().split(/\s+/u)) !== null;
}

function answered(command: Command, written: Values): Plan {
  try {
    return { kind: 'run', command, values: parseValues(command, written), token: null };
  } catch (error) {
    if (error instanceof HqError) return { kind: 'fault', error };
    throw error;
  }
}

/** The message that what was said is about. */
export function sourceMessage(
  { input }: Inbound,
  buttons: Pick<Services['buttons'], 'recall'>,
): Handle | null {
  if (input.kind === 'button') return input.message;
  // Not every platform tells which message a form was opened from.
  return input.kind === 'form' ? (input.message ?? buttons.recall(input.token)?.message ?? null) : null;
}

function filledIn(values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''));
}
