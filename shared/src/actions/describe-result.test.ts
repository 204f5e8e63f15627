import { describe, expect, it } from 'vitest';
import { describeResult } from './describe-result.ts';

describe('the result of a command', () => {
  it('is described by its action', () => {
    expect(describeResult('restart_gateway', { service: 'gateway', tookMs: 1240 })).toBe(
      'gateway healthy again after 1.2 s',
    );
  });

  it('is null for an unknown action, and for a result that does not fit', () => {
    expect(describeResult('restart_gateway', null)).toBeNull();
    expect(describeResult('restart_gateway', { service: 1 })).toBeNull();
    expect(describeResult('no_such_action', {})).toBeNull();
    expect(describeResult('toString', {})).toBeNull();
  });
});
