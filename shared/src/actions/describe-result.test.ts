import { describe, expect, it } from 'vitest';
import { describeResult } from './describe-result.ts';

describe('the result of a command', () => {
  it('is told in the words of its action', () => {
    expect(describeResult('restart_gateway', { service: 'gateway', tookMs: 1240 })).toBe(
      'gateway healthy again after 1.2 s',
    );
  });

  it('is not told where it is not what the action says', () => {
    expect(describeResult('restart_gateway', null)).toBeNull();
    expect(describeResult('restart_gateway', { service: 1 })).toBeNull();
    expect(describeResult('no_such_action', {})).toBeNull();
    expect(describeResult('toString', {})).toBeNull();
  });
});
