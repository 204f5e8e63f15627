import { describe, expect, it } from 'vitest';
import { createDatabaseClock } from './clock.ts';

describe('the database’s clock', () => {
  it('is the local one before the first answer', () => {
    const clock = createDatabaseClock(() => 5_000);
    expect([clock.now(), clock.offset(), clock.isOld()]).toEqual([5_000, null, true]);
  });

  it('runs on from the last answer, however wrong the local clock is', () => {
    const tenMinutes = 600_000;
    let local = Date.parse('2026-11-22T12:10:00Z');
    const clock = createDatabaseClock(() => local);
    clock.adopt('2026-11-22T12:00:00.000Z', local - 40, local + 40);
    expect(clock.offset()).toBe(-tenMinutes);
    local += 1_500;
    expect(new Date(clock.now()).toISOString()).toBe('2026-11-22T12:00:01.500Z');
  });

  it('is old after a minute, and when the local clock was set', () => {
    let local = 1_000_000;
    const clock = createDatabaseClock(() => local);
    clock.adopt('2026-11-22T12:00:00Z', local, local);
    expect(clock.isOld()).toBe(false);
    local += 60_001;
    expect(clock.isOld()).toBe(true);
    local -= 3_600_000;
    expect(clock.isOld()).toBe(true);
  });

  it('ignores an answer that is no time', () => {
    const clock = createDatabaseClock(() => 1_000);
    clock.adopt('soon', 900, 1_000);
    expect(clock.offset()).toBeNull();
  });
});
