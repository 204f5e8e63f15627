import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import { freePort } from '@hq/shared/program';
import { z } from 'zod';
import type { OpenClaw } from '../openclaw-calls.ts';

const startMs = 150_000;

export interface TestGateway {
  readonly stateDirectory: string;
  readonly openclaw: OpenClaw;
  output(): string;
  close(): Promise<void>;
}

/** The real OpenClaw in a home of its own. `more` are further settings of it. */
export async function startTestGateway(modelUrl: string, more: object): Promise<TestGateway> {
  const home = mkdtempSync(join(tmpdir(), 'hq-agents-'));
  const stateDirectory = join(home, '.openclaw');
  for (const folder of [stateDirectory, join(home, 'tmp')])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  const token = randomBytes(32).toString('hex');
  const config = { ...baseConfig(stateDirectory, modelUrl), ...more };
  writeFileSync(join(stateDirectory, 'openclaw.json'), JSON.stringify(config), { mode: 0o600 });
  const port = await freePort();
  const program = join(dirname(findPackageJSON('openclaw', import.meta.url) ?? ''), 'openclaw.mjs');
  const child = spawn(process.execPath, [program, 'gateway', 'run', '--port', String(port)], {
    cwd: home,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: home,
      TMPDIR: join(home, 'tmp'),
      NODE_COMPILE_CACHE: join(tmpdir(), 'hq-openclaw-compile-cache'),
      OPENCLAW_STATE_DIR: stateDirectory,
      OPENCLAW_GATEWAY_TOKEN: token,
      OPENCLAW_SUPERVISOR_MODE: 'external',
      OPENCLAW_NO_RESPAWN: '1',
      OPENCLAW_DISABLE_BONJOUR: '1',
      OPENCLAW_NO_AUTO_UPDATE: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const end = performance.now() + startMs;
  while ((await fetch(`http://127.0.0.1:${port}/startupz`).catch(() => undefined))?.ok !== true) {
    if (child.exitCode !== null || performance.now() > end)
      throw new Error(`OpenClaw did not start: ${output}`);
    await sleep(200);
  }
  const connection = await connect(port, token);
  return {
    stateDirectory,
    openclaw: connection,
    output: () => output,
    close: async () => {
      connection.close();
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await exited;
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function baseConfig(stateDirectory: string, modelUrl: string) {
  const model = {
    reasoning: false,
    input: ['text'],
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 200_000,
    maxTokens: 8_192,
  };
  return {
    gateway: {
      mode: 'local',
      bind: 'loopback',
      auth: { mode: 'token', token: { source: 'env', provider: 'default', id: 'OPENCLAW_GATEWAY_TOKEN' } },
      controlUi: { enabled: false },
      terminal: { enabled: false },
    },
    discovery: { mdns: { mode: 'off' } },
    logging: { file: join(stateDirectory, 'gateway.log'), level: 'info' },
    models: {
      mode: 'merge',
      catalogRefresh: { enabled: false },
      providers: {
        model: {
          baseUrl: modelUrl,
          apiKey: 'a-key-of-the-fake-model',
          api: 'openai-completions',
          models: ['one', 'two'].map((id) => ({ ...model, id, name: id })),
        },
      },
    },
    agents: { defaults: { heartbeat: { every: '0m' }, model: { primary: 'model/one' } } },
    skills: { workshop: { autonomous: { mode: 'off' } } },
    session: { dmScope: 'per-channel-peer' },
    plugins: { enabled: true, allow: ['telegram'], slots: { memory: 'none' } },
    update: { checkOnStart: false },
    telemetry: { enabled: false },
  };
}

const frame = z.object({
  type: z.string().optional(),
  id: z.string().optional(),
  event: z.string().optional(),
  ok: z.boolean().optional(),
  payload: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

async function connect(port: number, token: string): Promise<OpenClaw & { close(): void }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const waiting = new Map<string, (answer: OpenClawAnswer) => void>();
  let nextId = 1;
  const challenged = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      const { type, id = '', event, ok, payload, error } = frame.parse(JSON.parse(String(data)));
      if (event === 'connect.challenge') resolve();
      if (type !== 'res') return;
      waiting.get(id)?.(
        ok === true ? { ok, payload } : { ok: false, code: error?.code ?? '', message: error?.message ?? '' },
      );
      waiting.delete(id);
    };
  });
  const connection: OpenClaw & { close(): void } = {
    call: ({ method, params }) =>
      new Promise((resolve) => {
        const id = String(nextId++);
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ type: 'req', id, method, params }));
      }),
    close: () => socket.close(),
  };
  await challenged;
  const hello = await connection.call({
    method: 'connect',
    params: {
      minProtocol: 4,
      maxProtocol: 4,
      client: { id: 'gateway-client', version: '1', platform: process.platform, mode: 'backend' },
      role: 'operator',
      scopes: ['operator.admin', 'operator.read', 'operator.write', 'operator.pairing'],
      auth: { token },
    },
  });
  if (!hello.ok) throw new Error(`OpenClaw refuses the connection: ${hello.message}`);
  return connection;
}
