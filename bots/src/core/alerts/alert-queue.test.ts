import { describe, expect, it } from 'vitest';
import { alertWith } from '../../../testing/alert.ts';
import { createAlertQueue } from './alert-queue.ts';

const minute = 60_000;
const noon = Date.parse('2026-11-22T12:00:00Z');
const at = (minutes: number): string => new Date(noon + minutes * minute).toISOString();
const alert = (id: string, minutes = 0, severity: 'warning' | 'critical' = 'warning') =>
  alertWith({ id, severity, last_at: at(minutes) });
const quiet = { quiet: { from: '11:00', to: '13:00', tz: 'UTC' } };
const digest = { digest_minutes: 30 };
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

describe('the queue of a chat', () => {
  it('returns alerts at once, in the order of their changes, in their newest state', () => {
    const waiting = createAlertQueue();
    expect(waiting.pause({}, noon)).toBeNull();
    waiting.put(alert('second', 2));
    waiting.put(alert('first', 1));
    waiting.put(alert('third'));
    waiting.put({ ...alert('third', 3), occurrences: 2 });
    expect(waiting.pause({}, noon)).toBe(0);
    const told = waiting.take({}, noon);
    expect(ids(told)).toEqual(['first', 'second', 'third']);
    expect(told[2]?.occurrences).toBe(2);
    expect(waiting.size()).toBe(0);
  });

  it('holds alerts until quiet hours end, and knows the oldest one', () => {
    const waiting = createAlertQueue();
    waiting.put(alert('held', 5));
    expect(waiting.pause(quiet, noon + 10 * minute)).toBe(minute);
    expect(waiting.take(quiet, noon + 10 * minute)).toEqual([]);
    expect(waiting.oldest()).toBe(at(5));
    expect(waiting.pause(quiet, noon + 60 * minute)).toBe(0);
    expect(ids(waiting.take(quiet, noon + 60 * minute))).toEqual(['held']);
    expect(waiting.oldest()).toBeNull();
  });

  it('sends a digest a while after its first alert, however many follow', () => {
    const waiting = createAlertQueue();
    waiting.put(alert('one'));
    for (let minutes = 1; minutes < 30; minutes += 1) {
      waiting.put(alert('one', minutes));
      waiting.put(alert(`at ${minutes}`, minutes));
      expect(waiting.take(digest, noon + minutes * minute)).toEqual([]);
    }
    expect(waiting.pause(digest, noon + 29.5 * minute)).toBe(minute / 2);
    expect(waiting.take(digest, noon + 30 * minute)).toHaveLength(30);
    waiting.put(alert('next', 40));
    expect(waiting.take(digest, noon + 69 * minute)).toEqual([]);
    expect(ids(waiting.take(digest, noon + 70 * minute))).toEqual(['next']);
  });

  it.each([
    ['quiet hours', quiet],
    ['the next summary', digest],
  ])('returns critical alerts at once in spite of %s, and no others', (_what, filter) => {
    const waiting = createAlertQueue();
    waiting.put(alert('can wait', 1));
    waiting.put(alert('cannot wait', 2, 'critical'));
    expect(waiting.pause(filter, noon + 3 * minute)).toBe(0);
    expect(ids(waiting.take(filter, noon + 3 * minute))).toEqual(['cannot wait']);
    expect(waiting.oldest()).toBe(at(1));
  });

  it('returns alerts that failed without another digest', () => {
    const waiting = createAlertQueue();
    waiting.put(alert('one'));
    for (const row of waiting.take(digest, noon + 30 * minute)) waiting.putBack(row);
    expect(ids(waiting.take(digest, noon + 31 * minute))).toEqual(['one']);
  });

  it('drops alerts that are over', () => {
    const waiting = createAlertQueue();
    waiting.put(alert('one'));
    waiting.drop('one');
    expect(waiting.pause({}, noon)).toBeNull();
    expect(waiting.take({}, noon)).toEqual([]);
  });
});
