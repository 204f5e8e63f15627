import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import { sleep } from '@hq/shared/program';
import type { z } from 'zod';
import type { ClientCall } from '../openclaw/client.ts';

/** Connection to OpenClaw, as far as agents need one. */
export interface OpenClaw {
  /** Returns its answer, which may be a refusal. Throws `unreachable` without a connection. */
  call(call: ClientCall): Promise<OpenClawAnswer>;
}

/** OpenClaw says so for a moment while it reloads, and after it has deleted another agent. */
const unavailable = /\bUNAVAILABLE\b|code=unavailable/;
const repeatMs = 5_000;
const pauseMs = 250;

/**
 * Returns the parsed payload of an answer. Throws `failed` for a refusal, and `unreachable` for one that passes by itself but has
 * not within `limitMs`.
 */
export async function request<Payload>(
  openclaw: OpenClaw,
  schema: z.ZodType<Payload>,
  call: ClientCall,
  limitMs = repeatMs,
): Promise<Payload> {
  const until = performance.now() + limitMs;
  for (;;) {
    const answer = await openclaw.call(call);
    if (answer.ok) return schema.parse(answer.payload);
    const passes = unavailable.test(`${answer.code} ${answer.message}`);
    if (!passes || performance.now() >= until) {
      const code = passes ? 'unreachable' : 'failed';
      throw new HqError(code, `OpenClaw refused ${call.method}: ${answer.message}`);
    }
    await sleep(pauseMs);
  }
}
