import { HqError } from '@hq/shared/errors';
import { nearestNames } from '@hq/shared/text';
import {
  type Argument,
  type ArgumentValues,
  argumentLabel,
  type CommandDefinition,
} from '../../contract/command.ts';
import type { Delivery } from '../api/chat-api.ts';
import type { Services } from '../commands/command.ts';
import { usageOf } from '../parse/usage.ts';

const maxListed = 8;

/** The argument that the database needs and that was not given; undefined for every other error. */
export function missingArgument(
  error: unknown,
  command: CommandDefinition,
  values: ArgumentValues,
): Argument | undefined {
  if (!(error instanceof HqError) || error.code !== 'usage') return undefined;
  const argument = argumentOf(error, command);
  return argument !== undefined && values[argument.name] === undefined ? argument : undefined;
}

/** The argument whose given value is refused, and the refusal with its label; undefined for every other error. */
export function wrongArgument(
  error: unknown,
  command: CommandDefinition,
  values: ArgumentValues,
): { readonly argument: Argument; readonly problem: HqError } | undefined {
  if (!(error instanceof HqError) || (error.code !== 'usage' && error.code !== 'not_found')) return undefined;
  const argument = argumentOf(error, command);
  if (argument === undefined || values[argument.name] === undefined) return undefined;
  return { argument, problem: withLabel(error, argument) };
}

/** The same error with the label of its argument in place of the inner name; one with a hint is a sentence of its own. */
function withLabel(error: HqError, argument: Argument): HqError {
  const { name } = argument;
  const label = argumentLabel(argument);
  const { code, message, hint, cause } = error;
  const isNamed = [`${name} `, `${label} `, `${label}:`].some((begun) => message.startsWith(begun));
  const prefix = isNamed || code !== 'usage' || hint !== undefined ? '' : `${label}: `;
  const labelled = message.startsWith(`${name} `) ? label + message.slice(name.length) : message;
  return new HqError(code, prefix + labelled, { field: name, ...(hint !== undefined && { hint }), cause });
}

/** Adds what to do next to an error about an argument: the usage, or names that exist. */
export async function explainError(
  error: unknown,
  command: CommandDefinition,
  values: ArgumentValues,
  {
    delivery,
    services: { autocomplete },
    isCorrectable = false,
  }: {
    readonly delivery: Delivery;
    readonly services: Pick<Services, 'autocomplete'>;
    /** The value alone is asked for again. */
    readonly isCorrectable?: boolean | undefined;
  },
): Promise<unknown> {
  if (!(error instanceof HqError)) return error;
  const argument = argumentOf(error, command);
  if (argument === undefined) return error;
  const { name, completion } = argument;
  const value = values[name];
  const about = { field: name, cause: error };
  const { message, hint } = withLabel(error, argument);
  if (error.code === 'usage') {
    const usage = isCorrectable ? {} : { hint: usageOf(command) };
    return new HqError('usage', message, { ...about, ...(hint === undefined ? usage : { hint }) });
  }
  if (hint !== undefined) return error;
  if (error.code !== 'not_found' || value === undefined || completion === null) return error;
  if (completion !== 'gateway' && completion !== 'agent') {
    const list = completion === 'unfinished' ? 'commands' : `${completion}s`;
    return new HqError('not_found', error.message, {
      ...about,
      hint: `Type \`${list}\` to see those that exist.`,
    });
  }
  const known = (await autocomplete.find(delivery, completion, '')).map((choice) => choice.value);
  const similar = nearestNames(value, known);
  return new HqError('not_found', error.message, {
    ...about,
    hint:
      similar.length > 0
        ? `Did you mean ${similar.join(', ')}?`
        : `HQ knows ${known.slice(0, maxListed).join(', ') || 'none yet'}.`,
  });
}

/** The argument that an error names, by its own name or by the kind of its values. */
function argumentOf({ field }: HqError, { arguments: all }: CommandDefinition): Argument | undefined {
  return all.find(({ name }) => name === field) ?? all.find(({ completion }) => completion === field);
}
