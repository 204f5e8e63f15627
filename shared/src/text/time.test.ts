import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  age,
  ageOf,
  ago,
  agoOf,
  byTime,
  duration,
  elapsed,
  isoTime,
  localTime,
  microseconds,
  msSince,
  utcTime,
} from './time.ts';

describe('age', () => {
  it.each([
    [-5_000, 'now'],
    [0, 'now'],
    [59_999, 'now'],
    [60_000, '1m'],
    [3_599_999, '59m'],
    [3_600_000, '1h'],
    [47 * 3_600_000, '47h'],
    [48 * 3_600_000, '2d'],
    [Number.NaN, 'now'],
  ])('%d ms ago is %s', (milliseconds, text) => {
    expect(age(milliseconds)).toBe(text);
    expect(ago(milliseconds)).toBe(text === 'now' ? 'just now' : `${text} ago`);
  });
});

describe('duration', () => {
  it.each([
    [0, '0.0s'],
    [420, '0.4s'],
    [9_949, '9.9s'],
    [9_950, '10s'],
    [59_400, '59s'],
    [59_600, '1m00s'],
    [65_000, '1m05s'],
    [7_620_000, '2h07m'],
    [273_600_000, '3d4h'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });

  it('never counts sixty of anything', () => {
    fc.assert(fc.property(fc.nat(400_000_000), (span) => !/(^|\D)60[ms]/.test(duration(span))));
  });
});

describe('elapsed', () => {
  it.each([
    [-5, '0s'],
    [59_999, '59s'],
    [65_000, '1m05s'],
    [93_600_000 + 420_000, '26h07m'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(elapsed(milliseconds)).toBe(text);
  });
});

describe('a database time', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');

  it('has an age for columns and one for sentences', () => {
    expect([ageOf('2026-11-22T11:55:00Z', now), agoOf('2026-11-22T11:55:00Z', now)]).toEqual([
      '5m',
      '5m ago',
    ]);
    expect([ageOf('2026-11-22T11:59:59Z', now), agoOf('2026-11-22T11:59:59Z', now)]).toEqual([
      'now',
      'just now',
    ]);
    expect([ageOf(null, now), agoOf(null, now)]).toEqual(['never', 'never']);
  });

  it('is never in the future', () => {
    expect(msSince('2026-11-22T12:00:05Z', now)).toBe(0);
    expect(msSince('2026-11-22T11:59:55Z', now)).toBe(5_000);
    expect([msSince(null, now), msSince('soon', now)]).toEqual([null, null]);
  });

  it('has its date in UTC only on another day', () => {
    expect(utcTime('2026-11-22T14:02:09+00:00')).toBe('14:02 UTC');
    expect(utcTime('2026-11-22T23:30:00-02:00', now)).toBe('2026-11-23 01:30 UTC');
  });

  it('has its date by the local clock only on another day', () => {
    const at = new Date(2026, 10, 22, 9, 5, 7);
    expect(localTime(at.toISOString(), at.getTime() + 1_000)).toBe('09:05:07');
    expect(localTime(at.toISOString(), at.getTime() + 2 * 86_400_000)).toBe('2026-11-22 09:05');
  });

  it('is ordered by its microseconds', () => {
    const [first, second] = ['2026-11-22T12:00:00.123456+00:00', '2026-11-22T12:00:00.1235+00:00'] as const;
    expect(byTime(first, second)).toBeLessThan(0);
    expect(microseconds('2026-11-22T12:00:00.000007Z')).toBe(now * 1000 + 7);
    expect([microseconds(null), microseconds('soon')]).toEqual([null, null]);
  });

  it('is ISO 8601 in a row', () => {
    expect([isoTime(now), isoTime(null)]).toEqual(['2026-11-22T12:00:00.000Z', null]);
  });
});
