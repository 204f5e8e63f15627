import { z } from 'zod';

const report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

interface TestSummary {
  readonly passed: number;
  /** Failed tests, and files that failed outside of their tests. */
  readonly failed: number;
  /** Tests that this machine could not run. */
  readonly skipped: readonly string[];
  /** Files that failed outside of their tests: an import, or a `beforeAll`. */
  readonly brokenFiles: readonly string[];
}

/** Summarizes a report of Vitest. A failed file counts as a failure, and its tests without a result are not left out. */
export function summarizeTests(json: unknown, root: string): TestSummary {
  const { numPassedTests, numFailedTests, testResults } = report.parse(json);
  const files = testResults.map(({ name, status, assertionResults }) => ({
    name: name.startsWith(root) ? name.slice(root.length) : name,
    hasFailed: status === 'failed',
    tests: assertionResults,
  }));
  const brokenFiles = files
    .filter(({ hasFailed, tests }) => hasFailed && tests.every(({ status }) => status !== 'failed'))
    .map(({ name }) => name);
  const skipped = files
    .filter(({ hasFailed }) => !hasFailed)
    .flatMap(({ name, tests }) =>
      tests.filter(({ status }) => status !== 'passed').map(({ fullName }) => `${name}: ${fullName}`),
    );
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles.length, skipped, brokenFiles };
}
