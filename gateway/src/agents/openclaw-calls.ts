import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import type { z } from 'zod';
import type { ClientCall } from '../openclaw/client.ts';

/** Connection to OpenClaw, as far as agents need one. */
export interface OpenClaw {
  /** Returns its answer, which may be a refusal. Throws `unreachable` without a connection. */
  call(call: ClientCall): Promise<OpenClawAnswer>;
}

/** OpenClaw says so for a moment while it reloads, and after it has deleted another agent. */
const unavailable = /\bUNAVAILABLE\b|code=unavailable/;

/** Returns the parsed payload of an answer. Throws `failed` for a refusal, `unreachable` for one that passes by itself. */
export async function request<Payload>(
  openclaw: OpenClaw,
  schema: z.ZodType<Payload>,
  call: ClientCall,
): Promise<Payload> {
  const answer = await openclaw.call(call);
  if (!answer.ok) {
    const code = unavailable.test(`${answer.code} ${answer.message}`) ? 'unreachable' : 'failed';
    throw new HqError(code, `OpenClaw refused ${call.method}: ${answer.message}`);
  }
  return schema.parse(answer.payload);
}
