import type { HqClient } from '@hq/shared/client';
import type { Command } from 'commander';
import { z } from 'zod';
import { flag } from '../arguments/options.ts';
import { parseLimit, parseSince } from '../arguments/time.ts';

export const listOptions = z.object({ json: flag, wide: flag });

const defaultLimit = 50;

/** Adds a command that prints a table, or one document. */
export function listCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'one JSON document instead of a table')
    .option('--wide', 'do not cut the table to the terminal');
}

/** Parses `--since` and `--limit`. */
export function newest(
  client: HqClient,
  options: { readonly since?: string | undefined; readonly limit?: string | undefined },
): { limit: number; since?: string } {
  return {
    limit: options.limit === undefined ? defaultLimit : parseLimit(options.limit),
    ...(options.since === undefined ? {} : { since: parseSince(options.since, client.clock.now()) }),
  };
}
