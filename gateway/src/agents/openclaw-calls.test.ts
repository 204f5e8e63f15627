import type { OpenClawAnswer } from '@hq/shared/gateway';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { request } from './openclaw-calls.ts';

/** Asks an OpenClaw that gives these answers. */
const ask = (answers: readonly OpenClawAnswer[], limitMs: number) => {
  const left = answers.values();
  const call = async () => left.next().value ?? { ok: true, payload: 'none left' };
  return request({ call }, z.unknown(), { method: 'sessions.list', params: {} }, limitMs);
};

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
    await expect(ask([{ ok: false, code, message }], 0)).rejects.toMatchObject({ code: expected });
  });

  it('that passes in time is none', async () => {
    const unavailable = { ok: false, code: 'UNAVAILABLE', message: 'the gateway is starting' } as const;
    expect(await ask([unavailable, unavailable, { ok: true, payload: [] }], 60_000)).toEqual([]);
  });
});
