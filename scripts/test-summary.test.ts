import { expect, it } from 'vitest';
import { summarizeTests } from './test-summary.ts';

const file = (name: string, status: string, tests: Readonly<Record<string, string>>) => ({
  name: `/hq/${name}`,
  status,
  assertionResults: Object.entries(tests).map(([fullName, result]) => ({ fullName, status: result })),
});

it('counts a file that dies in beforeAll as a failure, and does not call its tests left out', () => {
  const json = {
    numPassedTests: 1,
    numFailedTests: 1,
    testResults: [
      file('a.test.ts', 'failed', { 'never ran': 'skipped' }),
      file('b.test.ts', 'failed', { fails: 'failed', 'after it': 'skipped' }),
      file('c.test.ts', 'passed', { passes: 'passed', 'needs Docker': 'skipped' }),
    ],
  };
  expect(summarizeTests(json, '/hq/')).toEqual({
    passed: 1,
    failed: 2,
    skipped: ['c.test.ts: needs Docker'],
    brokenFiles: ['a.test.ts'],
  });
});

it('counts a file that cannot be imported', () => {
  const json = { numPassedTests: 0, numFailedTests: 0, testResults: [file('a.test.ts', 'failed', {})] };
  expect(summarizeTests(json, '/hq/')).toMatchObject({ failed: 1, brokenFiles: ['a.test.ts'] });
});
