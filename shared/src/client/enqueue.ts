import { z } from 'zod';
import type { ActionName, Origin } from '../actions/index.ts';
import { HqError } from '../errors.ts';
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

const refusal = z.object({
  refused: z.object({
    code: z.enum(['unauthenticated', 'refused', 'not_found', 'conflict', 'usage']).catch('refused'),
    message: z.string(),
    hint: z.string().nullish(),
    field: z.string().nullish(),
  }),
});
const accepted = z.object({ command: commandRow, created: z.boolean().default(false) });

/** Reads the answer of `enqueue_command` and `cancel_command`: a command, or a refusal that becomes an `HqError`. */
export function readAnswer(answer: unknown, host: string): Enqueued {
  const refused = refusal.safeParse(answer);
  if (refused.success) {
    const { code, message, hint, field } = refused.data.refused;
    throw new HqError(code, message, { ...(hint ? { hint } : {}), ...(field ? { field } : {}) });
  }
  const taken = accepted.safeParse(answer);
  if (taken.success) return taken.data;
  throw new HqError('failed', `${host} answered in a way that this program does not understand.`, {
    hint: 'Bring the database up to date with `hq-db migrate`.',
    cause: taken.error,
  });
}
