import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { until } from './testing/runner-harness.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'hq-main-'));
let stack: TestStack;
let gateway: string;
beforeAll(async () => {
  stack = await startTestStack();
  gateway = await stack.database.addGateway('of-this-runner');
});
afterAll(async () => {
  await stack?.close();
  rmSync(home, { recursive: true, force: true });
});

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** Starts the runner on a host without a Docker engine. */
function start(environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env.PATH,
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      GATEWAY_ID: 'of-this-runner',
      SECRETS_DIR: join(home, 'secrets'),
      RUNTIME_MODE: 'docker',
      COMPOSE_PROJECT: 'hq',
      DOCKER_HOST: `unix://${home}/no-engine.sock`,
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  let text = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  child.stderr?.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  const exit = once(child, 'exit').then(([code]) => ({ code, text }));
  return {
    child,
    exit,
    text: () => text,
    isReady: () => until(`ready: ${text}`, () => text.includes('"ready"')),
  };
}

describe('an invalid value', () => {
  it.each([
    ['SUPABASE_URL', 'ftp://example.org'],
    ['SUPABASE_SERVICE_ROLE_KEY', 'short'],
    ['GATEWAY_ID', 'Not A Slug'],
    ['SECRETS_DIR', 'not/absolute'],
    ['HOSTED_SECRETS_KEY', 'too short'],
    ['RUNTIME_MODE', 'kubernetes'],
    ['COMPOSE_PROJECT', ''],
    ['DOCKER_HOST', '/var/run/docker.sock'],
    ['POLL_INTERVAL', 'often'],
    ['COMMAND_TIMEOUT', '0'],
    ['HEALTH_PORT', '70000'],
    ['RUNNER_SLOTS', '1.5'],
  ])('in %s ends with code 2 and names the variable', async (name, value) => {
    const { code, text } = await start({ [name]: value }).exit;
    expect(code).toBe(2);
    expect(JSON.parse(text)).toMatchObject({
      level: 'fatal',
      code: 'usage',
      msg: expect.stringContaining(name),
    });
  });
});

describe('a gateway', () => {
  it('that nothing names ends with code 2 and says how to register one', async () => {
    const { code, text } = await start({ GATEWAY_ID: '' }).exit;
    expect(code).toBe(2);
    expect(text).toContain('GATEWAY_ID');
    expect(text).toContain('hq-tui gateways token');
  });

  it('that does not exist ends with code 3', async () => {
    const { code, text } = await start({ GATEWAY_ID: 'nobody' }).exit;
    expect(code).toBe(3);
    expect(text).toContain('no gateway \\"nobody\\"');
  });

  it('whose id does not exist ends with code 3', async () => {
    const { code } = await start({ GATEWAY_ID: '6f2a2f0e-9d0b-4c0b-8a52-0d2f1f9d7a11' }).exit;
    expect(code).toBe(3);
  });

  it('whose slug several tenants use ends with code 3 and asks for the id', async () => {
    await stack.database.addGateway('twice');
    const { id } = await stack.database.addTenant('another');
    await stack.database.addGateway('twice', id);
    const { code, text } = await start({ GATEWAY_ID: 'twice' }).exit;
    expect(code).toBe(3);
    expect(text).toContain('instead of its slug');
  });
});

describe('a runner', () => {
  it('starts without its Docker engine, and fails the commands that need it', async () => {
    const runner = start({});
    await runner.isReady();
    const command = async () => {
      const [row] = await stack.database.query<{ status: string; error_message: string }>(
        `select status, error_message from public.agent_commands order by created_at desc limit 1`,
      );
      return row;
    };
    await stack.database.query(
      `insert into public.agent_commands (gateway_id, action) values ($1, 'stack_status')`,
      [gateway],
    );
    const failed = await until('the command to fail', async () => {
      const row = await command();
      return row?.status === 'failed' && row;
    });
    expect(failed.error_message).toMatch(/Docker/);
    runner.child.kill('SIGTERM');
    expect((await runner.exit).code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('stops at %s with code 0', async (signal) => {
    const runner = start({});
    await runner.isReady();
    runner.child.kill(signal);
    expect((await runner.exit).code).toBe(0);
  });

  it('stops when its parent exits, if HQ_PARENT is set', async () => {
    const byIpc = start({ HQ_PARENT: 'ipc' });
    const byStdin = start({ HQ_PARENT: 'stdin' });
    await byIpc.isReady();
    await byStdin.isReady();
    byIpc.child.disconnect();
    byStdin.child.stdin?.end();
    expect((await byIpc.exit).code).toBe(0);
    expect((await byStdin.exit).code).toBe(0);
  });

  it('waits for its database, and stops meanwhile at a signal', async () => {
    const runner = start({ SUPABASE_URL: 'http://127.0.0.1:9' });
    await until('the error', () => runner.text().includes('cannot be reached'));
    runner.child.kill('SIGTERM');
    expect((await runner.exit).code).toBe(0);
  });

  it('never writes its key, whatever goes wrong', async () => {
    const key = 'sb_secret_0123456789abcdefghij';
    const runner = start({ SUPABASE_URL: stack.url, SUPABASE_SERVICE_ROLE_KEY: key });
    await until('the error', () => runner.text().includes('does not accept'));
    runner.child.kill('SIGTERM');
    expect((await runner.exit).text).not.toContain(key);
  });
});
