import { describe, expect, it } from 'vitest';
import { quietMinutes } from './quiet-hours.ts';

const minutes = (from: string, to: string, tz: string, at: string) =>
  quietMinutes({ from, to, tz }, Date.parse(at));

describe('quiet hours', () => {
  it('begin and end at their times', () => {
    const at = (time: string) => minutes('12:00', '14:30', 'UTC', `2026-11-22T${time}:00Z`);
    expect(['11:59', '12:00', '14:29', '14:30'].map(at)).toEqual([0, 150, 1, 0]);
  });

  it('span midnight', () => {
    const at = (time: string) => minutes('22:00', '07:00', 'UTC', `2026-11-22T${time}:00Z`);
    expect(['21:59', '22:00', '23:59', '00:00', '06:59', '07:00'].map(at)).toEqual([0, 540, 421, 420, 1, 0]);
  });

  it('use their time zone, also on another day', () => {
    expect(minutes('22:00', '07:00', 'Europe/Berlin', '2026-11-22T21:30:00Z')).toBe(510);
    expect(minutes('22:00', '07:00', 'UTC', '2026-11-22T21:30:00Z')).toBe(0);
    expect(minutes('22:00', '07:00', 'Pacific/Auckland', '2026-11-22T10:00:00Z')).toBe(480);
    expect(minutes('22:00', '07:00', 'Asia/Kathmandu', '2026-11-22T16:15:00Z')).toBe(540);
  });

  it('follow daylight saving time', () => {
    // In Berlin, 29 March 2026 has no 02:00 to 03:00, and 25 October 2026 has it twice.
    const berlin = (at: string) => minutes('01:30', '03:30', 'Europe/Berlin', at);
    expect(berlin('2026-03-29T00:29:00Z')).toBe(0);
    expect(berlin('2026-03-29T00:59:00Z')).toBeGreaterThan(0);
    expect(berlin('2026-03-29T01:29:00Z')).toBe(1);
    expect(berlin('2026-03-29T01:30:00Z')).toBe(0);
    expect(berlin('2026-10-25T00:30:00Z')).toBeGreaterThan(0);
    expect(berlin('2026-10-25T01:30:00Z')).toBe(60);
    expect(berlin('2026-10-25T02:29:00Z')).toBe(1);
    expect(berlin('2026-10-25T02:30:00Z')).toBe(0);
  });

  it('do not exist without a setting or with an unknown zone', () => {
    expect(quietMinutes(undefined, 0)).toBe(0);
    expect(minutes('00:00', '23:59', 'Nowhere/Else', '2026-11-22T12:00:00Z')).toBe(0);
    expect(minutes('12:00', '12:00', 'UTC', '2026-11-22T12:00:00Z')).toBe(0);
  });
});
