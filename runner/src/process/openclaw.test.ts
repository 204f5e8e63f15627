import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@hq/shared/log';
import { startTimeOf } from '@hq/shared/program';
import { createRedactor } from '@hq/shared/text';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withStartLock } from '../../../db/testing/start-lock.ts';
import { until } from '../testing/runner-harness.ts';
import { type GatewayHome, prepareGatewayHome } from './gateway-home.ts';
import { ProcessStack } from './process-stack.ts';

const log = createLog('error', createRedactor([]));
const readyMs = 150_000;

const service = async (stack: ProcessStack) => {
  const [gateway] = await stack.services();
  return gateway;
};
const becomes = (stack: ProcessStack, health: string, limitMs = readyMs) =>
  until(`the gateway to be ${health}`, async () => (await service(stack))?.health === health, limitMs);

function pidOf(home: GatewayHome): { pid: number; port: number } {
  const { gateway, port } = JSON.parse(readFileSync(home.pidFile, 'utf8'));
  return { pid: gateway.pid, port };
}

describe('the real OpenClaw', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hq-openclaw-'));
  let home: GatewayHome;
  let stack: ProcessStack;
  beforeAll(async () => {
    process.env.SUPABASE_SERVICE_ROLE_KEY = 'a-key-that-no-agent-may-see';
    home = await prepareGatewayHome(directory);
    await withStartLock(async () => {
      stack = await ProcessStack.open(home, log, createRedactor([]));
      await becomes(stack, 'healthy');
    });
  }, 2 * readyMs);
  afterAll(async () => {
    await stack?.close();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it('starts from an empty home on loopback alone, with a private token and without HQ’s keys', async () => {
    const { pid, port } = pidOf(home);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).ok).toBe(true);
    expect(await service(stack)).toMatchObject({
      name: 'gateway',
      version: 'openclaw 2026.9.6',
      restarts: 0,
    });
    for (const file of ['openclaw.json', 'gateway-token']) {
      expect(statSync(join(home.stateDirectory, file)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(home.stateDirectory).mode & 0o777).toBe(0o700);
    const openclaw = readFileSync(join(home.stateDirectory, 'hq', 'openclaw.pid'), 'utf8');
    const token = readFileSync(join(home.stateDirectory, 'gateway-token'), 'utf8');
    const environment = readFileSync(`/proc/${openclaw}/environ`, 'utf8');
    expect(environment).toContain(`OPENCLAW_GATEWAY_TOKEN=${token}`);
    expect(environment).not.toContain('a-key-that-no-agent-may-see');
    for (const one of [pid, openclaw]) {
      expect(readFileSync(`/proc/${one}/cmdline`, 'utf8')).not.toContain(token);
    }
    const listeners = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .filter((line) =>
        line.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`),
      );
    expect(listeners.map((line) => line.trim().split(/\s+/)[1]?.split(':')[0])).toEqual(['0100007F']);
  });

  it(
    'is another process after a restart, ready, and reports the steps',
    async () => {
      const before = pidOf(home).pid;
      const lines: string[] = [];
      const restart = () =>
        stack.restart('gateway', {
          signal: AbortSignal.timeout(readyMs),
          onOutput: (line) => lines.push(line),
        });
      const { tookMs } = await withStartLock(restart);
      const { pid, port } = pidOf(home);
      expect(pid).not.toBe(before);
      expect(await startTimeOf(before)).toBeNull();
      expect((await fetch(`http://127.0.0.1:${port}/startupz`)).ok).toBe(true);
      expect(tookMs).toBeGreaterThan(500);
      expect(lines[0]).toBe(`stopping gateway (process ${before})`);
      expect(lines.at(-1)).toBe(`gateway ready (process ${pid}, was ${before})`);
      expect((await service(stack))?.health).toBe('healthy');
      expect((await service(stack))?.restarts).toBe(0);
    },
    2 * readyMs,
  );

  it(
    'is started again when it exits, and reports the exit',
    async () => {
      const { pid } = pidOf(home);
      const healths: string[] = [];
      const unwatch = stack.watch(
        () => void service(stack).then((gateway) => healths.push(gateway?.health ?? '')),
      );
      await withStartLock(async () => {
        process.kill(pid, 'SIGKILL');
        await becomes(stack, 'starting', 30_000);
        await becomes(stack, 'healthy');
      });
      unwatch();
      expect(healths.slice(0, 3)).toEqual(['stopped', 'starting', 'healthy']);
      expect((await service(stack))?.restarts).toBe(1);
      expect(pidOf(home).pid).not.toBe(pid);
    },
    2 * readyMs,
  );

  it('keeps the last lines of its log, and has no other service', async () => {
    const lines: string[] = [];
    for await (const line of stack.logs('gateway', 5)) lines.push(line);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(5);
    const restart = stack.restart('nothing', {
      signal: AbortSignal.timeout(1_000),
      onOutput: () => undefined,
    });
    await expect(restart).rejects.toMatchObject({ code: 'not_found', hint: 'It has one service: gateway.' });
  });
});

describe('an OpenClaw that cannot start', () => {
  let directory: string;
  let stack: ProcessStack | undefined;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'hq-openclaw-'));
  });
  afterEach(async () => {
    await stack?.close();
    rmSync(directory, { recursive: true, force: true });
  }, 60_000);

  it(
    'fails the restart with its last log lines, and starts once its configuration is fixed',
    async () => {
      const home = await prepareGatewayHome(directory);
      const config = join(home.stateDirectory, 'openclaw.json');
      writeFileSync(config, JSON.stringify({ gateway: { nonsense: true } }));
      const opened = await ProcessStack.open(
        home,
        createLog('fatal', createRedactor([])),
        createRedactor([]),
      );
      stack = opened;
      await becomes(opened, 'stopped', 60_000);
      const restart = () =>
        opened.restart('gateway', { signal: AbortSignal.timeout(readyMs), onOutput: () => undefined });
      await expect(restart()).rejects.toMatchObject({
        code: 'failed',
        message: 'The gateway did not start: exit code 78.',
        hint: expect.stringContaining('nonsense'),
      });
      writeFileSync(config, '{}');
      await withStartLock(restart);
      expect((await service(opened))?.health).toBe('healthy');
    },
    3 * readyMs,
  );
});
