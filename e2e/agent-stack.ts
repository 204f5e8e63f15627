import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSecretsKeys, seal } from '@hq/shared/secrets';
import type { SupabaseClient } from '@supabase/supabase-js';
import { vi } from 'vitest';
import { z } from 'zod';
import { withStartLock } from '../db/testing/start-lock.ts';
import { startTestStack, type TestStack } from '../local/testing/stack.ts';
import { GatewayControl } from '../runner/src/gateway-control.ts';
import { ensureBuilt } from '../scripts/build.ts';

/** Milliseconds that OpenClaw may take to start, or an agent to answer, on a machine that is busy with other tests. */
export const longMs = 240_000;

const program = fileURLToPath(new URL('../runner/src/main.ts', import.meta.url));

const commandRow = z.object({
  id: z.string(),
  status: z.string(),
  result: z.unknown(),
  error_message: z.string().nullable(),
});

/** Milliseconds that the first start may take, which a busy OpenClaw may have to repeat. */
export const startMs = 2 * longMs;

/** Waits as long as an agent may take. */
export const until = <T>(check: () => T | Promise<T>, timeout = longMs): Promise<T> =>
  vi.waitFor(check, { timeout, interval: 100 });

/** A database with its API, and the runner as a program with the gateway that it starts: what process mode runs. */
export interface AgentStack {
  readonly hq: TestStack;
  readonly control: GatewayControl;
  query: TestStack['database']['query'];
  /** Sends a command as an admin does, and returns its row when it has ended. */
  run(action: string, payload?: object, agent?: string): Promise<z.output<typeof commandRow>>;
  setSecret(key: string, value: string, agent: string): Promise<void>;
  /** Calls a method of OpenClaw. Throws for a refusal. */
  call(method: string, params?: object): Promise<unknown>;
  /** Path in the state of OpenClaw. */
  file(...path: readonly string[]): string;
  /** Everything that the runner, hq-gateway and OpenClaw have written. */
  output(): string;
  close(): Promise<void>;
}

/** Starts it with this configuration of OpenClaw, and waits until the gateway is ready. */
export async function startAgentStack(config: object): Promise<AgentStack> {
  await ensureBuilt('hq-plugin');
  const hq = await startTestStack();
  const home = mkdtempSync(join(tmpdir(), 'hq-agents-'));
  const state = join(home, '.openclaw');
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(join(state, 'openclaw.json'), JSON.stringify(config), { mode: 0o600 });
  const admin = await hq.clientOf(await hq.createMember('admin'));
  const control = new GatewayControl(join(state, 'hq', 'control.sock'));
  const { child, output } = await withStartLock(async () => {
    const runner = startRunner(hq, home);
    const isReady = async () => {
      if (runner.child.exitCode !== null) throw new Error(`The runner ended: ${runner.output()}`);
      const { ready } = await control.status(AbortSignal.timeout(10_000));
      if (!ready) throw new Error(`The gateway is not ready: ${runner.output()}`);
    };
    await until(isReady, startMs).catch(async (error: unknown) => {
      await stopped(runner.child);
      throw error;
    });
    return runner;
  });
  const close = async () => {
    await stopped(child);
    await hq.close();
    rmSync(home, { recursive: true, force: true });
  };
  return {
    hq,
    control,
    query: (sql, values) => hq.database.query(sql, values),
    run: (action, payload = {}, agent) => ended(admin, action, payload, agent),
    setSecret: async (key, value, agent) => {
      const { current } = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: hq.serviceRoleKey });
      const secret = { p_key: key, p_value: seal(value, current), p_agent: agent };
      const { data, error } = await admin.rpc('set_secret', secret);
      if (error ?? data.refused) throw new Error(JSON.stringify(error ?? data.refused));
    },
    call: async (method, params = {}) => {
      const [answer] = await control.calls([{ method, params }], AbortSignal.timeout(longMs));
      if (answer?.ok !== true) throw new Error(`${method}: ${answer?.message}`);
      return answer.payload;
    },
    file: (...path) => join(state, ...path),
    output,
    close,
  };
}

function startRunner(hq: TestStack, home: string) {
  const child = spawn(process.execPath, [program], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      RUNTIME_MODE: 'process',
      GATEWAY_HOME: home,
      GATEWAY_ID: 'default',
      SUPABASE_URL: hq.url,
      SUPABASE_ANON_KEY: hq.anonKey,
      SUPABASE_SERVICE_ROLE_KEY: hq.serviceRoleKey,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function ended(client: SupabaseClient, action: string, payload: object, agent: string | undefined) {
  const params = { p_action: action, p_payload: payload, ...(agent === undefined ? {} : { p_agent: agent }) };
  const { data, error } = await client.rpc('enqueue_command', params);
  if (error ?? data.refused) throw new Error(JSON.stringify(error ?? data.refused));
  const { command } = z.object({ command: z.object({ id: z.string() }) }).parse(data);
  return await vi.waitUntil(
    async () => {
      const { data: row } = await client
        .from('agent_commands')
        .select('id, status, result, error_message')
        .eq('id', command.id)
        .single();
      const parsed = commandRow.parse(row);
      return ['done', 'failed', 'cancelled'].includes(parsed.status) ? parsed : undefined;
    },
    { timeout: longMs, interval: 100 },
  );
}
