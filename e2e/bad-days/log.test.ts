import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@hq/shared/program';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../local/testing/stack.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const program = fileURLToPath(new URL('../../runner/src/main.ts', import.meta.url));
let stack: TestStack;
let gateway: string;
let home: string;
let runner: ChildProcess | undefined;
const descriptors: number[] = [];

beforeEach(async () => {
  stack = await startTestStack();
  gateway = await stack.database.addGateway(`g${Date.now()}`);
  home = mkdtempSync(join(tmpdir(), 'hq-bad-log-'));
});
afterEach(async () => {
  if (runner?.exitCode === null && runner.signalCode === null) {
    runner.kill('SIGKILL');
    await once(runner, 'exit');
  }
  for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
  await stack?.close();
  rmSync(home, { recursive: true, force: true });
});

/** A pipe that nobody reads. */
function unreadPipe(): number {
  const path = join(home, 'pipe');
  execFileSync('mkfifo', [path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

/** Starts `hq-runner` on a host without a Docker engine, with its log on this descriptor. */
async function startRunner(output: number): Promise<() => Promise<Record<string, unknown>>> {
  descriptors.push(output);
  const port = await freePort();
  runner = spawn(process.execPath, [program], {
    env: {
      PATH: process.env.PATH,
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      GATEWAY_ID: gateway,
      SECRETS_DIR: join(home, 'secrets'),
      COMPOSE_PROJECT: 'hq',
      DOCKER_HOST: `unix://${home}/no-engine.sock`,
      HEALTH_PORT: String(port),
      LOG_LEVEL: 'debug',
    },
    stdio: ['ignore', output, 'inherit'],
  });
  return async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(5_000) });
    return { httpStatus: answer.status, ...JSON.parse(await answer.text()) };
  };
}

async function ping(count: number): Promise<void> {
  await stack.database.query(
    `insert into public.agent_commands (gateway_id, action) select $1, 'ping' from generate_series(1, $2)`,
    [gateway, count],
  );
  await eventually(async () => {
    const open = await stack.database.query(
      `select id from public.agent_commands where gateway_id = $1 and status <> 'done' limit 1`,
      [gateway],
    );
    expect(open).toEqual([]);
  });
}

describe('a runner', () => {
  it.each([
    ['on a full disk', () => openSync('/dev/full', 'w'), 1, /no space is left on the disk/],
    // 1,500 commands write more than a pipe, a socket and the runner's own queue hold.
    ['on a pipe that nobody reads', unreadPipe, 1_500, null],
  ])('with its log %s works, answers and stops', async (_where, open, commands, reason) => {
    const health = await startRunner(open());
    await ping(commands);
    const answer = await eventually(health);
    expect(answer).toMatchObject({ httpStatus: 200, status: 'ok' });
    if (reason !== null) {
      expect(answer).toMatchObject({ log: 'failing' });
      await eventually(async () => {
        const [row] = await stack.database.query<{ problem: string }>(
          `select meta ->> 'problem' as problem from public.gateways where id = $1`,
          [gateway],
        );
        expect(row?.problem).toMatch(reason);
      });
    }
    runner?.kill('SIGTERM');
    expect(await once(runner ?? process, 'exit', { signal: AbortSignal.timeout(30_000) })).toEqual([0, null]);
  });
});
