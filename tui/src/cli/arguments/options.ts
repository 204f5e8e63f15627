import { Option } from 'commander';
import { z } from 'zod';

/** Schemas of option values as commander returns them. */
export const text = z.string().optional();
export const flag = z.boolean().default(false);

/** `--readonly` belongs to the program: a command that writes reads it with `optsWithGlobals()`. */
export const writeOptions = z.object({ json: flag, readonly: flag });

export const gatewayFilter = (): Option =>
  new Option('--gateway <gateway>', 'only of this gateway, by slug or id');
export const sinceOption = (): Option =>
  new Option('--since <time>', 'not older than this: 15m, 2h, 3d, or a date');
export const limitOption = (): Option => new Option('--limit <count>', 'at most this many, 50 by default');
