import { defineConfig } from 'vitest/config';
import { TestOrder } from './scripts/test-order.ts';
import { environmentFlag } from './shared/src/program/environment-flag.ts';

const isLong = environmentFlag(process.env, 'HQ_TEST_LONG');
const hasDocker = environmentFlag(process.env, 'HQ_TEST_DOCKER');

export default defineConfig({
  test: {
    globalSetup: ['db/testing/global-setup.ts'],
    setupFiles: ['shared/testing/strict-results.ts'],
    include: [isLong ? '**/*.long.test.{ts,tsx}' : '**/*.test.{ts,tsx}'],
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      ...(isLong ? [] : ['**/*.long.test.*']),
      ...(hasDocker ? [] : ['**/*.docker.test.*']),
    ],
    pool: 'forks',
    // Most files wait more than they compute. OpenClaw starts one at a time: see db/testing/start-lock.ts.
    maxWorkers: 4,
    sequence: { sequencer: TestOrder },
    testTimeout: isLong ? 600_000 : 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
