import { describe, expect, test } from 'vitest';
import { sampleCommands } from '../../testing/sample-session.ts';
import { openCommandText } from './command-state.ts';

const startedAt = '2026-11-22T10:00:00.000Z';

function toldAfter(seconds: number): string {
  const [command] = sampleCommands;
  if (command === undefined) throw new Error('there is no sample');
  const running = { ...command, status: 'running' as const, started_at: startedAt, completed_at: null };
  return openCommandText({ ...running, cancel_requested_at: null }, Date.parse(startedAt) + seconds * 1000);
}

describe('what a gateway does, in a list', () => {
  test('counts seconds in the first minute', () => {
    expect(toldAfter(12)).toMatch(/ 12s$/);
    expect(toldAfter(59)).toMatch(/ 59s$/);
  });

  test('stands still for a minute at a time afterwards', () => {
    expect(toldAfter(8 * 60)).toMatch(/ 8m$/);
    expect(toldAfter(8 * 60 + 59)).toBe(toldAfter(8 * 60));
    expect(toldAfter(3 * 3600 + 59)).toMatch(/ 3h$/);
  });
});
