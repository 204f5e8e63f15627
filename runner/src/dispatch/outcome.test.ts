import type { TurnResult } from '@hq/shared/gateway';
import { describe, expect, test } from 'vitest';
import { outcomeOf } from './outcome.ts';

const result: TurnResult = {
  status: 'ok',
  text: 'The report is written.',
  tools: [],
  usage: { input: 10, output: 5, total: 15, costUsd: 0.25 },
  sessionKey: 'agent:maya:one',
  runId: 'hq:one:1',
  tookMs: 1234.5,
};
const outcome = (end: Partial<TurnResult>) =>
  outcomeOf({ state: 'ended', result: { ...result, status: 'error', error: 'It broke.', ...end } });

describe('the outcome of a turn', () => {
  test('that ended well has text, tokens, cost and time', () => {
    expect(outcome({ status: 'ok' })).toEqual({
      outcome: 'done',
      text: 'The report is written.',
      tokens: 15,
      cost_usd: 0.25,
      duration_ms: 1235,
    });
  });

  test('is failed where the agent is at fault, also at its time limit', () => {
    expect(outcome({ fault: 'agent' })).toMatchObject({ outcome: 'failed', error: 'It broke.' });
    expect(outcome({ status: 'timeout', fault: 'agent' })).toMatchObject({ outcome: 'failed' });
    expect(outcome({ error: undefined, fault: null })).toMatchObject({
      outcome: 'failed',
      error: 'The turn ended with error.',
    });
  });

  test('is held where the provider or HQ’s gate is, for as long as the provider says', () => {
    expect(outcome({ fault: 'provider', retryAfterSeconds: 59.2 })).toMatchObject({
      outcome: 'held',
      hold_reason: 'It broke.',
      hold_seconds: 60,
    });
    expect(outcome({ fault: 'gate' })).not.toHaveProperty('hold_seconds');
  });

  test('is released after an abort by others, a reload, a stop, and a run that never began', () => {
    for (const end of [
      { status: 'aborted' as const },
      { fault: 'reload' as const },
      { fault: 'shutdown' as const },
    ]) {
      expect(outcome(end)).toMatchObject({ outcome: 'released' });
    }
    expect(outcomeOf({ state: 'unknown' })).toMatchObject({ outcome: 'released' });
  });
});
