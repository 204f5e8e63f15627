import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTelegramServer } from '../bots/fakes/telegram-server/index.ts';
import { botAccount, startBots } from '../bots/testing/bots-process.ts';
import { nilTenant } from '../db/testing/database.ts';
import { eventually } from '../db/testing/eventually.ts';
import { exchange } from '../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../local/testing/stack.ts';
import { type ConnectProxy, startConnectProxy } from './connect-proxy.ts';

/** An address that no network leads to: only the proxy can. */
const faraway = '192.0.2.1';
const realtime = 'GET /realtime/v1/websocket';
const program = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let stack: TestStack;
let operator: StackMember;
let gateway: string;
let home: string;
let proxy: ConnectProxy;
const children: ChildProcess[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  operator = await stack.createMember('operator');
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
  home = await mkdtemp(join(tmpdir(), 'hq-proxy-'));
});
afterAll(async () => {
  await stack.close();
  await rm(home, { recursive: true });
});
beforeEach(async () => {
  proxy = await startConnectProxy(faraway, stack.port);
  await writeFile(certificate(), proxy.certificate);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await proxy.close();
});

const certificate = () => join(home, 'certificate.pem');

function hqTui(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [program('../tui/src/main.ts'), ...args], {
    env: {
      HOME: home,
      LANG: 'C.UTF-8',
      SUPABASE_URL: `https://${faraway}`,
      NODE_EXTRA_CA_CERTS: certificate(),
      SUPABASE_ANON_KEY: stack.anonKey,
      HQ_EMAIL: operator.email,
      HQ_PASSWORD: operator.password,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const ended = Promise.all([readText(child.stdout), readText(child.stderr), once(child, 'close')]);
  return ended.then(([stdout, stderr, [code]]) => ({ code, stdout, stderr }));
}

describe('a proxy', { timeout: 120_000 }, () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])('in %s carries requests and Realtime of hq-tui', async (name) => {
    const waiting = hqTui(['run', 'ping', '--wait'], { [name]: proxy.url });
    await eventually(() => expect(proxy.passed).toContain(realtime));
    const [command] = await eventually(async () => {
      const { claimed } = await exchange(stack.database, { gateway, claim: 1 });
      expect(claimed).toHaveLength(1);
      return claimed;
    });
    await exchange(stack.database, {
      gateway,
      results: [
        { token: command?.lease_token, status: 'done', exit_code: 0, result: { runner: 'runner-1' } },
      ],
    });
    expect(await waiting).toMatchObject({ code: 0, stdout: 'answered by runner-1\n' });
    expect(proxy.passed).toContain('POST /rest/v1/rpc/enqueue_command');
  });

  it('carries requests and Realtime of hq-runner', async () => {
    const child = spawn(process.execPath, [program('../runner/src/main.ts')], {
      env: {
        PATH: process.env.PATH,
        SUPABASE_URL: `https://${faraway}`,
        NODE_EXTRA_CA_CERTS: certificate(),
        SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
        GATEWAY_ID: 'default',
        SECRETS_DIR: join(home, 'secrets'),
        RUNTIME_MODE: 'docker',
        COMPOSE_PROJECT: 'hq',
        DOCKER_HOST: `unix://${home}/no-engine.sock`,
        HTTPS_PROXY: proxy.url,
      },
      stdio: 'ignore',
    });
    children.push(child);
    await eventually(() => expect(proxy.passed).toContain('POST /rest/v1/rpc/runner_exchange'));
    await eventually(() => expect(proxy.passed).toContain(realtime));
  });

  it('carries requests and Realtime of hq-bots', async () => {
    const telegram = await startTelegramServer();
    const bots = startBots({
      ...(await botAccount(stack)),
      SUPABASE_URL: `https://${faraway}`,
      NODE_EXTRA_CA_CERTS: certificate(),
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.url,
      HTTPS_PROXY: proxy.url,
    });
    children.push(bots.child);
    await bots.connected();
    await eventually(() => expect(proxy.passed).toContain(realtime));
    expect(new Set(proxy.asked)).toEqual(new Set([`${faraway}:443`]));
    bots.child.kill('SIGTERM');
    await bots.exit;
    await telegram.close();
  });

  it.each([
    ['127.0.0.1', 0],
    ['localhost', 0],
    // Nothing answers there.
    ['127.0.0.2', 4],
    ['hq.localhost', 4],
    ['host.docker.internal', 4],
  ])('is never asked for http://%s', async (host, expected) => {
    const env = {
      HTTP_PROXY: proxy.url,
      HTTPS_PROXY: proxy.url,
      SUPABASE_URL: `http://${host}:${stack.port}`,
    };
    expect((await hqTui(['status'], env)).code).toBe(expected);
    expect(proxy.asked).toEqual([]);
  });

  it.each([`example.org, ${faraway}`, '*', 'example.org, *'])(
    'is not asked for what NO_PROXY=%j names',
    async (hosts) => {
      const env = { HTTPS_PROXY: proxy.url, NO_PROXY: hosts };
      const child = hqTui(['status'], env);
      // Nothing leads there: the call gives up without having asked the proxy.
      expect((await child).code).toBe(4);
      expect(proxy.asked).toEqual([]);
    },
  );

  it('that refuses or does not exist is named in the hint, without its password', async () => {
    for (const [url, password] of [
      [proxy.url.replace('pass-word', 'wrong-word'), 'wrong-word'],
      ['http://robot:pass-word@127.0.0.1:9', 'pass-word'],
    ] as const) {
      const { code, stdout, stderr } = await hqTui(['status'], { HTTPS_PROXY: url });
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toContain('go through the proxy of HTTPS_PROXY.');
      expect(stderr).not.toContain(password);
    }
  });

  it.each(['socks5://robot:pass-word@127.0.0.1:1', 'http://', 'http://a b'])(
    'of the address %j is an error that names the variable',
    async (address) => {
      const { code, stdout, stderr } = await hqTui(['status'], { HTTPS_PROXY: address });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^hq-tui: HTTPS_PROXY is not the address of an HTTP proxy\.\n/);
      expect(stderr).not.toContain('pass-word');
    },
  );
});
