import { describe, expect, it } from 'vitest';
import { describeResult, resultWarning } from './describe-result.ts';
import { setResultReporter } from './result-reporter.ts';

describe('the result of a command', () => {
  it('is described in the words of its action', () => {
    expect(describeResult('restart_gateway', { service: 'gateway', tookMs: 1240 })).toBe(
      'gateway healthy again after 1.2 s',
    );
    expect(resultWarning('restart_gateway', { service: 'gateway', tookMs: 1240 })).toBeNull();
  });

  it('counts one thing as one', () => {
    const one = { models: [], total: 1 };
    expect(describeResult('list_models', one)).toBe('1 model, none with a key');
    expect(describeResult('list_models', { models: [], total: 2 })).toBe('2 models, none with a key');
    expect(describeResult('resume_all', { stopped: false, since: null, waiting: 1 })).toBe(
      'agents work again; 1 item waits',
    );
  });

  it('that does not fit its schema is an error in tests', () => {
    expect(() => describeResult('restart_gateway', { service: 1 })).toThrow('does not fit its schema');
  });

  it('of an older runner, which records none, is not described', () => {
    expect(describeResult('restart_gateway', null)).toBeNull();
    expect(resultWarning('restart_gateway', null)).toBeNull();
  });

  it('that does not fit its schema is a warning outside of tests, which names the fields', () => {
    const warnings: string[] = [];
    setResultReporter((warning) => warnings.push(warning));
    const result = { service: 'gateway', tookMs: 'long' };
    expect(describeResult('restart_gateway', result)).toBeNull();
    expect(resultWarning('restart_gateway', result)).toMatch(
      /^The result of restart_gateway does not fit its schema: tookMs: .*\.$/,
    );
    expect(warnings).toEqual([resultWarning('restart_gateway', result)]);
  });

  it.each(['no_such_action', 'toString'])('of the unknown action %s is not described', (action) => {
    expect(describeResult(action, {})).toBeNull();
    expect(resultWarning(action, {})).toBeNull();
  });
});
