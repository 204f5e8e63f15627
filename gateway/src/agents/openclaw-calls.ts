import { HqError } from '@hq/shared/errors';
import type { z } from 'zod';

export interface OpenClawCall {
  readonly method: string;
  readonly params: object;
  /** Milliseconds until the call throws `timed_out`. */
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}

export type OpenClawAnswer =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Connection to OpenClaw's gateway, as far as agents need one. */
export interface OpenClaw {
  /** Returns its answer, which may be a refusal. Throws `unreachable` without a connection. */
  call(call: OpenClawCall): Promise<OpenClawAnswer>;
}

/** Returns the parsed payload of an answer. Throws `failed` for a refusal. */
export async function request<Payload>(
  openclaw: OpenClaw,
  schema: z.ZodType<Payload>,
  call: OpenClawCall,
): Promise<Payload> {
  const answer = await openclaw.call(call);
  if (!answer.ok) throw new HqError('failed', `OpenClaw refused ${call.method}: ${answer.message}`);
  return schema.parse(answer.payload);
}
