import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { age, bytes, duration } from './amounts.ts';

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

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_400, '1.4 kB'],
    [9_960, '10 kB'],
    [999_600, '1.0 MB'],
    [12_000_000, '12 MB'],
  ])('%d is %s', (count, text) => {
    expect(bytes(count)).toBe(text);
  });
});
