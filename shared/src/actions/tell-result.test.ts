import { describe, expect, it } from 'vitest';
import { tellResult } from './tell-result.ts';

describe('the result of a command', () => {
  it('is told in the words of its action', () => {
    expect(tellResult('restart_gateway', { service: 'gateway', tookMs: 1240 })).toBe(
      'gateway healthy again after 1.2 s',
    );
  });

  it('is not told where it is not what the action says', () => {
    expect(tellResult('restart_gateway', null)).toBeNull();
    expect(tellResult('restart_gateway', { service: 1 })).toBeNull();
    expect(tellResult('no_such_action', {})).toBeNull();
    expect(tellResult('toString', {})).toBeNull();
  });
});
