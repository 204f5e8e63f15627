import { HqError } from '@hq/shared/errors';
import type { Argument, Command } from '../../contract/command.ts';
import type { CommandContext } from '../../contract/command-context.ts';
import { nearestNames } from '../parse/nearest-names.ts';
import { usageOf } from '../parse/usage.ts';
import { promptArgument } from './prompt-missing.ts';

const mostTold = 8;

/** What the database could not tell apart is asked for; of what it does not know, those that there are are told. */
export async function clarifyArguments(
  error: unknown,
  command: Command,
  context: CommandContext,
): Promise<void> {
  const argument = error instanceof HqError ? argumentOf(error, command) : undefined;
  if (!(error instanceof HqError) || argument === undefined) throw error;
  const { name, completion } = argument;
  const value = context.values[name];
  if (error.code === 'usage' && value === undefined) {
    await promptArgument(context, command, argument);
    return;
  }
  const { code, message, hint } = error;
  const told = { field: name, cause: error };
  if (code === 'usage' && hint === undefined) {
    const about = message.startsWith(`${name} `) ? '' : `${name}: `;
    throw new HqError('usage', `${about}${message}`, { ...told, hint: usageOf(command) });
  }
  if (code !== 'not_found' || hint !== undefined || value === undefined || completion === null) throw error;
  if (completion !== 'gateway' && completion !== 'agent') {
    throw new HqError('not_found', message, {
      ...told,
      hint: `Say ${completion === 'unfinished' ? 'commands' : `${completion}s`} for those that there are.`,
    });
  }
  const known = (await context.services.autocomplete.find(context.delivery, completion, '')).map(
    (choice) => choice.value,
  );
  const near = nearestNames(value, known);
  throw new HqError('not_found', message, {
    ...told,
    hint:
      near.length > 0
        ? `Did you mean ${near.join(', ')}?`
        : `HQ knows ${known.slice(0, mostTold).join(', ') || 'none yet'}.`,
  });
}

/** The argument that an error is about, by its name or by what stands in it. */
function argumentOf({ field }: HqError, { arguments: all }: Command): Argument | undefined {
  return all.find(({ name }) => name === field) ?? all.find(({ completion }) => completion === field);
}
