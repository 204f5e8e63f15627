import { describe, expect, it } from 'vitest';
import { commandPhase, runTimeMs } from './command-phase.ts';

describe('the phase of a command', () => {
  it.each([
    ['pending', 0, null, 'pending'],
    ['pending', 1, null, 'retrying'],
    ['pending', 1, '2026-11-22T12:00:00Z', 'cancelling'],
    ['leased', 1, null, 'starting'],
    ['running', 1, null, 'running'],
    ['running', 1, '2026-11-22T12:00:00Z', 'cancelling'],
    ['cancelled', 1, '2026-11-22T12:00:00Z', 'cancelled'],
    ['done', 1, '2026-11-22T12:00:00Z', 'done'],
    ['failed', 3, null, 'failed'],
  ] as const)(
    '%s at attempt %d with cancel request %s is %s',
    (status, attempt, cancel_requested_at, phase) => {
      expect(commandPhase({ status, attempt, cancel_requested_at })).toBe(phase);
    },
  );
});

describe('the time of a command', () => {
  const [started_at, completed_at] = ['2026-11-22T12:00:00Z', '2026-11-22T12:00:05Z'];
  const now = Date.parse('2026-11-22T12:01:00Z');

  it('counts from its start to its end, or to now', () => {
    expect(runTimeMs({ started_at, completed_at }, now)).toBe(5_000);
    expect(runTimeMs({ started_at, completed_at: null }, now)).toBe(60_000);
  });

  it('is not known before its start', () => {
    expect(runTimeMs({ started_at: null, completed_at: null }, now)).toBeNull();
    expect(runTimeMs({ started_at: null, completed_at }, now)).toBeNull();
  });
});
