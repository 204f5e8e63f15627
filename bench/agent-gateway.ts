import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { type ChatRequest, type Script, startModelServer } from '../gateway/src/rehearsal/model-server.ts';
import { GatewayControl } from '../runner/src/gateway-control.ts';
import { ensureBuilt } from '../scripts/build.ts';
import { idleNodeOptions, sleep } from '../shared/src/program/index.ts';
import { path } from './path.ts';
import { closed, startBenchStack } from './stack.ts';

const longestMs = 240_000;
const commandRow = z.object({
  status: z.string(),
  error_message: z.string().nullable(),
  created_at: z.string(),
  completed_at: z.string().nullable(),
});

/** Target of a command; without one it is about the workspace. */
type CommandTarget = { readonly p_gateway: 'default' } | { readonly p_agent: string } | Record<string, never>;
const questionRows = z.array(z.object({ id: z.string() }));

/** The shipped runner in process mode with its gateway, and a model that follows a script: at first one command in the jail. */
export interface AgentGateway {
  /** Process of the runner; the gateway and OpenClaw descend from it. */
  readonly runner: number;
  readonly hasBrowsers: boolean;
  /** Runs a command of the queue and returns the milliseconds from its row to its result, by the database's clock. */
  run(action: string, payload: object, target?: CommandTarget): Promise<number>;
  /** Replaces the script of the model. */
  follow(script: Script): void;
  /** Returns the id of the question that waits, once there is one. */
  question(): Promise<string>;
  stop(): Promise<void>;
}

/** Waits until a value is there. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + longestMs;
  while (performance.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`waited too long for ${what}`);
}

export async function startAgentGateway(): Promise<AgentGateway> {
  await ensureBuilt('hq-runner', 'hq-gateway', 'hq-plugin');
  let script: Script = oneCommand;
  const stack = await startBenchStack();
  const model = await startModelServer((request) => script(request));
  const home = mkdtempSync(join(tmpdir(), 'hq-bench-agents-'));
  const state = join(home, '.openclaw');
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(join(state, 'openclaw.json'), JSON.stringify(openClawConfig(model.url)), { mode: 0o600 });
  const program = fileURLToPath(new URL('../runner/dist/hq-runner.js', import.meta.url));
  const runner = spawn(process.execPath, [...idleNodeOptions, program], {
    env: {
      PATH: path,
      MALLOC_ARENA_MAX: '2',
      WAKE_COOLDOWN: '0',
      HOME: home,
      RUNTIME_MODE: 'process',
      GATEWAY_HOME: home,
      GATEWAY_ID: stack.gatewayId,
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const spawned = once(runner, 'spawn');
  const client = createClient(stack.url, stack.anonKey, { auth: { persistSession: false } });
  const { error } = await client.auth.signInWithPassword({ email: stack.email, password: stack.password });
  if (error) throw error;
  await spawned;
  const control = new GatewayControl(join(state, 'hq', 'control.sock'));
  const status = await until('the gateway', async () => {
    const found = await control.status(AbortSignal.timeout(10_000)).catch(() => undefined);
    return found?.ready === true ? found : undefined;
  });
  const run: AgentGateway['run'] = async (action, payload, target = {}) => {
    const { data, error: refusal } = await client.rpc('enqueue_command', {
      p_action: action,
      p_payload: payload,
      ...target,
    });
    if (refusal ?? data.refused) throw new Error(JSON.stringify(refusal ?? data.refused));
    const row = await until(action, async () => {
      const columns = 'status, error_message, created_at, completed_at';
      const found = await client.from('agent_commands').select(columns).eq('id', data.command.id).single();
      const parsed = commandRow.parse(found.data);
      return ['done', 'failed', 'cancelled'].includes(parsed.status) ? parsed : undefined;
    });
    if (row.status !== 'done') throw new Error(`${action} ended as ${row.status}: ${row.error_message}`);
    return Date.parse(row.completed_at ?? '') - Date.parse(row.created_at);
  };
  return {
    runner: runner.pid ?? 0,
    hasBrowsers: status.confinement.browser,
    run,
    follow: (next) => {
      script = next;
    },
    question: () =>
      until('a question', async () => {
        const found = await client.from('agent_questions').select('id').eq('status', 'open');
        return questionRows.parse(found.data)[0]?.id;
      }),
    stop: async () => {
      runner.kill('SIGTERM');
      await closed(runner);
      model.close();
      await stack.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Calls `exec` once in each session and then says `done`. */
const oneCommand = ({ messages }: ChatRequest) =>
  messages.some(({ role }) => role === 'tool')
    ? { text: 'done' }
    : { tool: 'exec', arguments: { command: 'echo hello' } };

function openClawConfig(baseUrl: string): object {
  const one = {
    ...{
      id: 'one',
      name: 'One',
      reasoning: false,
      input: ['text'],
      contextWindow: 200_000,
      maxTokens: 8_192,
    },
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  };
  const test = { baseUrl, apiKey: 'none', api: 'openai-completions', models: [one] };
  return { models: { providers: { test } }, agents: { defaults: { model: { primary: 'test/one' } } } };
}
