import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '@hq/shared/log';
import { freePort } from '@hq/shared/program';
import { createRedactor } from '@hq/shared/text';
import { z } from 'zod';
import { withStartLock } from '../../db/testing/start-lock.ts';
import { OpenClawClient } from '../src/openclaw/client.ts';

const startMs = 240_000;
/** Longer than a turn that a test waits for. */
const longestCallMs = 180_000;

interface GatewayOptions {
  /** Address of a model with OpenAI's wire format. */
  readonly modelUrl: string;
  /** Agents, plugins, tools and browsers of OpenClaw's configuration. */
  readonly config: (stateDir: string) => Readonly<Record<string, unknown>>;
}

interface Turn {
  readonly status: string;
  readonly error?: string | undefined;
}

/** The real OpenClaw in a home of its own. */
export interface TestGateway {
  readonly stateDir: string;
  /** Token of its port. */
  readonly token: string;
  readonly port: number;
  readonly openclaw: OpenClawClient;
  /** Returns the payload of an answer. Throws for a refusal. */
  call(method: string, params?: object): Promise<unknown>;
  /** Returns what it has written to its standard output and error. */
  output(): string;
  /** Runs a turn in a new session and waits for its end. */
  turn(agent: string, limitMs: number): Promise<Turn>;
  /** Ends it and keeps its home. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export async function startTestGateway(options: GatewayOptions): Promise<TestGateway> {
  const home = mkdtempSync(join(tmpdir(), 'hq-openclaw-'));
  const stateDir = join(home, '.openclaw');
  for (const folder of [stateDir, join(home, 'tmp'), join(stateDir, 'hq', 'agents')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const token = randomBytes(32).toString('hex');
  const config = JSON.stringify(gatewayConfig(stateDir, options));
  writeFileSync(join(stateDir, 'openclaw.json'), config, { mode: 0o600 });
  const running = await withStartLock(() => start(home, token)).catch((error: unknown) => {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  });
  const { openclaw } = running;
  const call = (method: string, params: object = {}) =>
    openclaw.request(z.unknown(), { method, params, limitMs: longestCallMs });

  return {
    stateDir,
    token,
    port: running.port,
    openclaw,
    call,
    output: () => running.output(),
    turn: async (agentId, limitMs) => {
      const sessionKey = `agent:${agentId}:${randomUUID()}`;
      const params = { agentId, sessionKey, message: 'Work.', idempotencyKey: randomUUID() };
      const { runId } = z.object({ runId: z.string() }).parse(await call('agent', params));
      const ended = await call('agent.wait', { runId, timeoutMs: limitMs });
      return z.object({ status: z.string(), error: z.string().optional() }).parse(ended);
    },
    stop: () => running.kill('SIGTERM'),
    close: async () => {
      await running.kill('SIGKILL');
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function gatewayConfig(stateDir: string, { modelUrl, config }: GatewayOptions) {
  return {
    gateway: {
      mode: 'local',
      bind: 'loopback',
      auth: {
        mode: 'token',
        token: { source: 'env', provider: 'default', id: 'OPENCLAW_GATEWAY_TOKEN' },
      },
      controlUi: { enabled: false },
      terminal: { enabled: false },
    },
    discovery: { mdns: { mode: 'off' } },
    logging: { file: join(stateDir, 'gateway.log'), level: 'info' },
    models: {
      mode: 'merge',
      catalogRefresh: { enabled: false },
      providers: {
        model: {
          baseUrl: modelUrl,
          apiKey: 'a-key-of-the-fake-model',
          api: 'openai-completions',
          models: ['one', 'two'].map((id) => ({
            id,
            name: id,
            reasoning: false,
            input: ['text'],
            // Dollars for a million tokens.
            cost: { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 1 },
            contextWindow: 200_000,
            maxTokens: 8_192,
          })),
        },
      },
    },
    skills: { workshop: { autonomous: { mode: 'off' } } },
    session: { dmScope: 'per-channel-peer' },
    update: { checkOnStart: false },
    telemetry: { enabled: false },
    ...config(stateDir),
  };
}

async function start(home: string, token: string) {
  const port = await freePort();
  const openClaw = dirname(findPackageJSON('openclaw', import.meta.url) ?? '');
  const child = spawn(
    process.execPath,
    [join(openClaw, 'openclaw.mjs'), 'gateway', 'run', '--port', String(port)],
    {
      cwd: home,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
        HOME: home,
        TMPDIR: join(home, 'tmp'),
        NODE_COMPILE_CACHE: join(tmpdir(), 'hq-openclaw-compile-cache'),
        OPENCLAW_STATE_DIR: join(home, '.openclaw'),
        OPENCLAW_GATEWAY_TOKEN: token,
        OPENCLAW_SUPERVISOR_MODE: 'external',
        OPENCLAW_NO_RESPAWN: '1',
        OPENCLAW_DISABLE_BONJOUR: '1',
        OPENCLAW_NO_AUTO_UPDATE: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  try {
    await untilStarted(child, port, () => output);
  } catch (error) {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    throw error;
  }
  const openclaw = new OpenClawClient(port, token, createLog('fatal', createRedactor([token])));
  await openclaw.connected(AbortSignal.timeout(startMs));
  return {
    openclaw,
    port,
    output: () => output,
    kill: async (signal: NodeJS.Signals) => {
      openclaw.close();
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
      await exited;
    },
  };
}

async function untilStarted(child: ChildProcess, port: number, output: () => string): Promise<void> {
  const end = performance.now() + startMs;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`OpenClaw ended: ${output()}`);
    const answer = await fetch(`http://127.0.0.1:${port}/startupz`).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(200);
  }
  throw new Error(`OpenClaw did not start in time: ${output()}`);
}
