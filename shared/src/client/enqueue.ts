import { z } from 'zod';
import type { ActionName, Origin } from '../actions/index.ts';
import { type CommandRow, commandRow } from '../rows/command.ts';

export interface CommandRequest {
  readonly action: ActionName;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** A slug or an id; may be left out where the tenant has one gateway. */
  readonly gateway?: string;
  /** A slug or an id. */
  readonly agent?: string;
  /** The same key never makes a second command. One is made where none is given. */
  readonly idempotencyKey?: string;
  readonly origin: Origin;
}

export interface Enqueued {
  readonly command: CommandRow;
  /** False when the key was known and this is the earlier command. */
  readonly created: boolean;
}

/** What `enqueue_command` and `cancel_command` answer. */
export const enqueued = z.object({ command: commandRow, created: z.boolean().default(false) });
