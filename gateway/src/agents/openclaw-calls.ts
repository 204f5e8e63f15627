import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import type { z } from 'zod';
import type { ClientCall } from '../openclaw/client.ts';

/** Connection to OpenClaw, as far as agents need one. */
export interface OpenClaw {
  /** Returns its answer, which may be a refusal. Throws `unreachable` without a connection. */
  call(call: ClientCall): Promise<OpenClawAnswer>;
}

/** Returns the parsed payload of an answer. Throws `failed` for a refusal. */
export async function request<Payload>(
  openclaw: OpenClaw,
  schema: z.ZodType<Payload>,
  call: ClientCall,
): Promise<Payload> {
  const answer = await openclaw.call(call);
  if (!answer.ok) throw new HqError('failed', `OpenClaw refused ${call.method}: ${answer.message}`);
  return schema.parse(answer.payload);
}
