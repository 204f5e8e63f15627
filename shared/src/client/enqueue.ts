import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ActionName, Origin } from '../actions/index.ts';
import { type CommandRow, commandRow } from '../rows/command.ts';
import type { Connection } from './connection.ts';
import { readAnswer } from './read-answer.ts';

export interface CommandRequest {
  readonly action: ActionName;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** A slug or an id; optional if the tenant has one gateway. */
  readonly gateway?: string;
  /** A slug or an id. */
  readonly agent?: string;
  /** The same key never creates a second command; random by default. */
  readonly idempotencyKey?: string;
  readonly origin: Origin;
}

export interface Enqueued {
  readonly command: CommandRow;
  /** False if the key was known and this is the earlier command. */
  readonly created: boolean;
}

const enqueued = z.object({ command: commandRow, created: z.boolean().default(false) });

export async function enqueueCommand(
  { askAgain, supabase, host }: Connection,
  request: CommandRequest,
): Promise<Enqueued> {
  const idempotencyKey = request.idempotencyKey ?? randomUUID();
  const payload = z.record(z.string(), z.json()).parse(request.payload ?? {});
  const answer = await askAgain<unknown>(() =>
    supabase.rpc('enqueue_command', {
      p_action: request.action,
      p_payload: payload,
      p_gateway: request.gateway ?? null,
      p_agent: request.agent ?? null,
      p_idempotency_key: idempotencyKey,
      p_origin: request.origin,
    }),
  );
  return readAnswer(enqueued, answer, host);
}

export async function cancelCommand(
  { askAgain, supabase, host }: Connection,
  commandId: string,
  origin: Origin,
): Promise<CommandRow> {
  const answer = await askAgain<unknown>(() =>
    supabase.rpc('cancel_command', { p_command_id: commandId, p_origin: origin }),
  );
  return readAnswer(enqueued, answer, host).command;
}
