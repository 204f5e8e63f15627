import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import type { HealthAnswer } from '../runner.ts';
import type { JournalEntry } from './journal-handlers.ts';

const program = fileURLToPath(new URL('journal-runner.ts', import.meta.url));

interface CommandState {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly exit_code: number | null;
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly error_message: string | null;
  readonly result: unknown;
  readonly runner_id: string | null;
  readonly meta: unknown;
}

export interface RunningRunner {
  readonly child: ChildProcess;
  /** Returns the lines logged so far. */
  log(): readonly Record<string, unknown>[];
  rawLog(): string;
  health(): Promise<HealthAnswer & { httpStatus: number }>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Sends SIGTERM; returns the exit code. */
  stop(): Promise<number | null>;
}

/** A database with its API, and the runners that a test starts. */
export interface RunnerHarness {
  readonly stack: TestStack;
  readonly gateway: string;
  /** Directory into which its runners write the secrets. */
  readonly secretsDirectory: string;
  /** Stops the API as if its process had exited, and starts it on the same port. */
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  startRunner(
    environment?: Readonly<Record<string, string>>,
    nodeArgs?: readonly string[],
  ): Promise<RunningRunner>;
  enqueue(action: string, payload?: object): Promise<string>;
  command(id: string): Promise<CommandState>;
  commands(): Promise<readonly CommandState[]>;
  output(id: string): Promise<string>;
  /** Waits until a command has ended. */
  ended(id: string, limitMs?: number): Promise<CommandState>;
  journal(): readonly JournalEntry[];
  /** Lets handlers of `released` commands end. */
  release(): void;
  close(): Promise<void>;
}

/** Polls until `look` returns a value; throws with its description after the limit. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value | undefined | false> | Value | undefined | false,
  limitMs = 60_000,
): Promise<Value> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await sleep(20);
  }
}

/** A machine that is busy with other tests takes long to load the program. */
const readyMs = 120_000;
const finished = new Set(['done', 'failed', 'cancelled']);
const columns = 'id, status, attempt, exit_code, stdout, stderr, error_message, result, runner_id, meta';

export async function startRunnerHarness(): Promise<RunnerHarness> {
  // Over 60 lines: one short method after the other.
  const stack = await startTestStack();
  const directory = mkdtempSync(join(tmpdir(), 'hq-runner-'));
  const journal = join(directory, 'journal');
  writeFileSync(journal, '');
  const secretsDirectory = join(directory, 'secrets');
  const gateway = await stack.database.addGateway(`g${Date.now()}`);
  const children = new Set<ChildProcess>();
  let apiIsUp = true;
  const setApi = async (isUp: boolean) => {
    if (isUp !== apiIsUp) await (isUp ? stack.startApi() : stack.stopApi());
    apiIsUp = isUp;
  };

  const startRunner: RunnerHarness['startRunner'] = async (environment = {}, nodeArgs = []) => {
    const child = spawn(process.execPath, [...nodeArgs, program], {
      env: {
        PATH: process.env.PATH,
        SUPABASE_URL: stack.url,
        SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
        GATEWAY_ID: gateway,
        JOURNAL: journal,
        SECRETS_DIR: secretsDirectory,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    return untilReady(child);
  };

  const command: RunnerHarness['command'] = async (id) => {
    const [row] = await stack.database.query<{ [key: string]: unknown } & CommandState>(
      `select ${columns} from public.agent_commands where id = $1`,
      [id],
    );
    if (row === undefined) throw new Error(`no command ${id}`);
    return row;
  };

  return {
    stack,
    gateway,
    secretsDirectory,
    stopApi: () => setApi(false),
    startApi: () => setApi(true),
    startRunner,
    command,
    commands: () =>
      stack.database.query<{ [key: string]: unknown } & CommandState>(
        `select ${columns} from public.agent_commands where gateway_id = $1 order by created_at, id`,
        [gateway],
      ),
    enqueue: async (action, payload = {}) => {
      const [row] = await stack.database.query<{ id: string }>(
        `insert into public.agent_commands (gateway_id, action, payload) values ($1, $2, $3) returning id`,
        [gateway, action, JSON.stringify(payload)],
      );
      if (row === undefined) throw new Error('no command was enqueued');
      return row.id;
    },
    output: async (id) => {
      const rows = await stack.database.query<{ text: string }>(
        `select text from public.agent_command_output where command_id = $1 order by attempt, seq`,
        [id],
      );
      return rows.map((row) => row.text).join('');
    },
    ended: (id, limitMs) =>
      until(
        `command ${id} to end`,
        async () => {
          const state = await command(id);
          return finished.has(state.status) && state;
        },
        limitMs,
      ),
    release: () => writeFileSync(`${journal}.release`, ''),
    journal: () =>
      readFileSync(journal, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    close: async () => {
      for (const child of children) {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL');
          await once(child, 'exit');
        }
      }
      await setApi(true);
      await stack.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcessByStdio<null, Readable, Readable>): Promise<RunningRunner> {
  let text = '';
  child.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  const exited = once(child, 'exit');
  const log = () =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  const isReady = () => {
    if (child.exitCode !== null) throw new Error(`the runner ended: ${text}`);
    return log().find((line) => line.msg === 'ready');
  };
  const ready = await until('the runner to be ready', isReady, readyMs);
  return {
    child,
    log,
    rawLog: () => text,
    health: async () => {
      const response = await fetch(`http://127.0.0.1:${ready.healthPort}/healthz`);
      const answer: HealthAnswer = JSON.parse(await response.text());
      return { httpStatus: response.status, ...answer };
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
  };
}
