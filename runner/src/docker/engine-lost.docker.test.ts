import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentFlag } from '@hq/shared/program';
import { createRedactor } from '@hq/shared/text';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Stack } from '../stack.ts';
import { openDockerStack } from './docker-stack.ts';

const run = promisify(execFile);
const project = 'hq-lost';

let folder: string;
let dockerHost: string;
let engine: ChildProcess;
let stack: Stack;

/**
 * Starts a separate engine in its own network namespace: an engine without a bridge removes the bridge of the machine's
 * engine.
 */
async function startEngine(): Promise<void> {
  engine = spawn(
    'unshare',
    [
      ...['--net', 'dockerd'],
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'dockerd.pid'), '--host', dockerHost, '--bridge=none'],
      ...['--iptables=false', '--ip-forward=false', '--ip-masq=false'],
      // Keeps containers running, so that the runner sees only the engine disappear.
      '--live-restore',
    ],
    { stdio: 'ignore' },
  );
  await vi.waitUntil(
    () =>
      onEngine('version').then(
        () => true,
        () => false,
      ),
    { timeout: 30_000, interval: 200 },
  );
}

async function onEngine(...args: readonly string[]): Promise<string> {
  return (await run('docker', ['--host', dockerHost, ...args])).stdout.trim();
}

async function stopEngine(): Promise<void> {
  if (engine.exitCode !== null || engine.signalCode !== null) return;
  const ended = once(engine, 'exit');
  engine.kill('SIGTERM');
  await ended;
}

// Only root may start an engine.
describe.runIf(environmentFlag(process.env, 'HQ_TEST_ROOT'))('an engine that is stopped', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hq-dockerd-'));
    dockerHost = `unix://${join(folder, 'docker.sock')}`;
    await startEngine();
    await run('sh', ['-c', `docker save node:24-slim | docker --host ${dockerHost} load --quiet`]);
    const labels = {
      'com.docker.compose.project': project,
      'com.docker.compose.service': 'gateway',
      'com.docker.compose.oneoff': 'False',
    };
    await onEngine(
      ...[
        'run',
        '--detach',
        '--restart=always',
        '--network=none',
        '--health-cmd=false',
        '--health-start-period=1h',
      ],
      ...Object.entries(labels).map(([name, value]) => `--label=${name}=${value}`),
      ...['node:24-slim', 'sleep', 'infinity'],
    );
    stack = await openDockerStack({
      project,
      redactor: createRedactor([]),
      controlSocket: '/nowhere',
      dockerHost,
    });
  }, 90_000);

  afterAll(async () => {
    await stack.close();
    const ids = await onEngine('ps', '--all', '--quiet');
    if (ids !== '') await onEngine('rm', '--force', ...ids.split('\n'));
    await stopEngine();
    // With live restore an engine leaves its data folder mounted onto itself.
    const data = join(folder, 'data');
    await run('sh', ['-c', 'while grep -q " $0 " /proc/self/mounts; do umount "$0" || exit 1; done', data]);
    await rm(folder, { recursive: true });
  }, 60_000);

  test('during a restart is reported, and used again once it runs', async () => {
    const changed = vi.fn<() => void>();
    const stop = stack.watch(changed);
    await vi.waitUntil(() => changed.mock.calls.length > 0, { timeout: 60_000 });

    const output: string[] = [];
    const restarted = stack
      .restart('gateway', { signal: AbortSignal.timeout(60_000), onOutput: (line) => output.push(line) })
      .catch((error: unknown) => error);
    await vi.waitUntil(() => output.includes('gateway was started'), { timeout: 30_000 });
    changed.mockClear();
    await stopEngine();
    expect(await restarted).toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining('systemctl'),
    });
    await vi.waitUntil(() => changed.mock.calls.length > 0, { timeout: 60_000 });

    changed.mockClear();
    await startEngine();
    await vi.waitUntil(() => changed.mock.calls.length > 0, { timeout: 40_000 });
    stop();
    expect(await stack.services(AbortSignal.timeout(10_000))).toMatchObject([
      { name: 'gateway', health: 'starting' },
    ]);
  }, 120_000);
});
