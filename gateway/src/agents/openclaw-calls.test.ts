import type { OpenClawAnswer } from '@hq/shared/gateway';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { request } from './openclaw-calls.ts';

const ask = (answer: OpenClawAnswer) =>
  request({ call: () => Promise.resolve(answer) }, z.unknown(), { method: 'sessions.list', params: {} });

describe('a refusal of OpenClaw', () => {
  it.each([
    [
      'INTERNAL',
      'WorkerTaskError: Session history database read was revoked: code=unavailable',
      'unreachable',
    ],
    ['UNAVAILABLE', 'the gateway is starting', 'unreachable'],
    // On a busy machine it gives up a removal that it can repeat.
    [
      'UNAVAILABLE',
      'OpenClawStateLeaseError: agent deletion core:agent-deletion/maya was lost: code=OPENCLAW_STATE_LEASE_LOST',
      'unreachable',
    ],
    ['INVALID_REQUEST', 'unknown agent', 'failed'],
  ])('%s “%s” is %s: a caller repeats what passes by itself', async (code, message, expected) => {
    await expect(ask({ ok: false, code, message })).rejects.toMatchObject({ code: expected });
  });
});
