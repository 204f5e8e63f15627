import { HqError } from '@hq/shared/errors';
import { type Command, Option } from 'commander';
import { z } from 'zod';

/** Schemas of option values as commander returns them. */
export const text = z.string().optional();
export const flag = z.boolean().default(false);

/** Options of a command that writes: `--readonly` belongs to the program. */
export const writeOptions = z.object({ json: flag, readonly: flag });

/** Parses the options of a command that writes. Fails with `refused` under `--readonly` or HQ_READONLY, and names it. */
export function parseToWrite<Options extends { readonly readonly: boolean; readonly dryRun?: boolean }>(
  schema: z.ZodType<Options>,
  command: Command,
): Options {
  const options = schema.parse(command.optsWithGlobals());
  if (!options.readonly || options.dryRun === true) return options;
  const [cause, hint] =
    command.getOptionValueSourceWithGlobals('readonly') === 'cli'
      ? ['--readonly', 'Leave --readonly out.']
      : ['HQ_READONLY', 'Set HQ_READONLY to nothing.'];
  throw new HqError('refused', `${cause} allows no changes.`, { hint });
}

export const gatewayFilter = (): Option =>
  new Option('--gateway <gateway>', 'only of this gateway, by slug or id');
export const sinceOption = (): Option =>
  new Option('--since <time>', 'not older than this: 15m, 2h, 3d, or a date');
export const limitOption = (): Option => new Option('--limit <count>', 'at most this many, 50 by default');
