import { defineConfig } from 'vitest/config';
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
    // More at once make the starts of OpenClaw, which take a whole core each, miss its own time limits.
    maxWorkers: 2,
    testTimeout: isLong ? 600_000 : 30_000,
    hookTimeout: 60_000,
  },
});
