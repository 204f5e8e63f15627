import { describe, expect, it } from 'vitest';
import { environmentFlag } from './environment-flag.ts';

describe('a variable that is on or off', () => {
  it.each(['1', 'true', 'TRUE', 'yes', 'on', ' On '])('is on for %j', (word) => {
    expect(environmentFlag({ HQ_READONLY: word }, 'HQ_READONLY')).toBe(true);
  });

  it.each(['', ' ', '0', 'false', 'False', 'no', 'off', undefined])('is off for %j', (word) => {
    expect(environmentFlag({ HQ_READONLY: word }, 'HQ_READONLY')).toBe(false);
  });

  it.each(['2', 'y', 'ja', 'enabled', 'constructor'])('is an error with its name for %j', (word) => {
    expect(() => environmentFlag({ HQ_READONLY: word }, 'HQ_READONLY')).toThrow(
      expect.objectContaining({ code: 'usage', field: 'HQ_READONLY' }),
    );
  });
});
