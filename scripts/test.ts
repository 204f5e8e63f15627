/**
 * `npm test`: runs every test that this machine can run, then lists what it left out and why.
 * `npm run test:long`: runs the hundreds of kills and the soaks. Further arguments go to Vitest.
 * With HQ_TEST_ALL=1 (as in CI) anything left out is a failure.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environmentFlag } from '../shared/src/program/environment-flag.ts';
import { ensureBuilt } from './build.ts';
import { findChromium } from './picture/find-chromium.ts';
import { summarizeTests } from './test-summary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Priority of the gateways that a runner starts: at a higher one, other tests would keep them from starting in time. */
const niceness = 10;

/** Something outside Node that some tests need. */
interface Requirement {
  readonly leftOut: string;
  /** Returns why it is missing; undefined where it is there. */
  readonly reason: () => string | undefined;
}

function missingProgram(command: string, args: readonly string[], advice: string): string | undefined {
  const probe = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (probe.status === 0) return undefined;
  const reason = probe.error?.message ?? probe.stderr.trim().split('\n').at(-1) ?? 'no answer';
  return `${reason}; ${advice}`;
}

const docker: Requirement = {
  leftOut: 'the Docker tests (*.docker.test.ts)',
  reason: () =>
    missingProgram('docker', ['version', '--format', '{{.Server.Version}}'], 'start a Docker engine') ??
    missingProgram('docker', ['compose', 'version'], 'install the compose v2 plugin') ??
    missingProgram(
      'docker',
      ['image', 'inspect', 'node:24-slim'],
      'pull node:24-slim: docker pull node:24-slim',
    ),
};
const tmux: Requirement = {
  leftOut: 'the tmux tests',
  reason: () => missingProgram('tmux', ['-V'], 'install tmux'),
};
const chromium: Requirement = {
  leftOut: 'the Chromium tests (*.chromium.test.ts)',
  reason: () => missingProgram(findChromium() ?? 'chromium', ['--version'], 'install chromium or Chrome'),
};
const jails: Requirement = {
  leftOut: 'the tests of agents in jails',
  reason: () =>
    missingProgram('socat', ['-V'], 'install socat') ??
    missingProgram('python3', ['--version'], 'install python3') ??
    missingProgram(
      'bwrap',
      ['--unshare-user', '--unshare-net', '--disable-userns', '--ro-bind', '/', '/', 'true'],
      'install bubblewrap 0.8 or newer, and allow user namespaces',
    ),
};
const pgbouncer: Requirement = {
  leftOut: 'the test behind a connection pooler',
  reason: () => missingProgram('pgbouncer', ['--version'], 'install pgbouncer'),
};
const rootUser: Requirement = {
  leftOut: 'the tests of starting as root and under a second account',
  reason: () => (process.getuid?.() === 0 ? undefined : 'not root; run them in a container or a CI machine'),
};

function runVitest(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const isLong = args.includes('--long');
  const mustBeComplete = environmentFlag(process.env, 'HQ_TEST_ALL');
  await ensureBuilt('hq-tui', 'hq-runner', 'hq-gateway', 'hq-plugin', 'hq-bots');

  const absent = new Map(
    [docker, tmux, chromium, jails, pgbouncer, rootUser].map((need) => [need, need.reason()] as const),
  );
  const has = (need: Requirement) => (absent.get(need) === undefined ? '1' : '');
  setPriority(niceness);
  const folder = mkdtempSync(join(tmpdir(), 'hq-test-'));
  const reportFile = join(folder, 'report.json');
  const code = await runVitest(
    [
      '--reporter=default',
      '--reporter=json',
      '--reporter=./scripts/slowest-files.ts',
      `--outputFile.json=${reportFile}`,
      ...args.filter((arg) => arg !== '--long'),
    ],
    {
      ...process.env,
      HQ_TEST_LONG: isLong ? '1' : '',
      HQ_TEST_DOCKER: has(docker),
      HQ_TEST_TMUX: has(tmux),
      HQ_TEST_CHROMIUM: has(chromium),
      HQ_TEST_JAILS: has(jails),
      HQ_TEST_PGBOUNCER: has(pgbouncer),
      HQ_TEST_ROOT: has(rootUser),
    },
  );
  if (!existsSync(reportFile)) {
    process.stderr.write('Vitest ended before it wrote a report: see its last lines above.\n');
    return code === 0 ? 1 : code;
  }
  const { passed, failed, skipped, brokenFiles } = summarizeTests(
    JSON.parse(readFileSync(reportFile, 'utf8')),
    root,
  );
  rmSync(folder, { recursive: true });

  const leftOut = [...absent].flatMap(([need, reason]) =>
    reason === undefined ? [] : [`${need.leftOut}: ${reason}`],
  );
  process.stdout.write('\n');
  if (leftOut.length > 0 || skipped.length > 0) {
    process.stdout.write('Left out on this machine:\n');
    for (const line of [...leftOut, ...skipped]) process.stdout.write(`  - ${line}\n`);
  } else {
    process.stdout.write('Nothing was left out.\n');
  }
  for (const file of brokenFiles) process.stdout.write(`Failed outside of its tests: ${file}\n`);
  process.stdout.write(`tests: ${passed} passed, ${failed} failed\n`);
  const isIncomplete = mustBeComplete && (leftOut.length > 0 || skipped.length > 0);
  if (isIncomplete) process.stderr.write('HQ_TEST_ALL=1: leaving something out is a failure.\n');
  return code !== 0 ? code : isIncomplete || passed === 0 ? 1 : 0;
}

process.exitCode = await main();
