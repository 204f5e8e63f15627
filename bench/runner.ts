import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../scripts/build.ts';
import { type BenchStack, closed } from './stack.ts';

export interface BenchRunner {
  readonly pid: number;
  /** Seconds of processor time so far. */
  processorSeconds(): number;
  /** MiB. */
  residentMemory(): number;
  stop(): Promise<void>;
}

interface BenchRunnerOptions {
  readonly stack: BenchStack;
  /** Another address of the same stack, such as a proxy's. */
  readonly url?: string;
  /** Seconds that a restart takes. */
  readonly restartSeconds?: number;
  /** Runs the shipped program on an empty compose project, instead of one whose restarts only wait. */
  readonly asShipped?: boolean;
  /** Waits until Realtime is trusted; true by default. */
  readonly hasRealtime?: boolean;
  /** Directory for the files of secrets. */
  readonly secretsDirectory?: string;
  readonly pollSeconds?: number;
  /** Socket of the gateway's control API. */
  readonly controlSocket?: string;
}

/** Starts a runner as a process and returns when it claims commands. */
export async function startBenchRunner(options: BenchRunnerOptions): Promise<BenchRunner> {
  const { stack, url = stack.url, restartSeconds = 0.2, asShipped = false, hasRealtime = true } = options;
  if (asShipped) await ensureBuilt('hq-runner');
  const program = asShipped ? '../runner/dist/hq-runner.js' : '../runner/src/testing/journal-runner.ts';
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url))], {
    env: {
      PATH: process.env.PATH,
      SUPABASE_URL: url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      GATEWAY_ID: stack.gatewayId,
      RUNTIME_MODE: 'docker',
      COMPOSE_PROJECT: 'hq-bench-of-nothing',
      SECRETS_DIR: options.secretsDirectory ?? join(tmpdir(), `hq-bench-secrets-of-${process.pid}`),
      ...(options.pollSeconds && { POLL_INTERVAL: String(options.pollSeconds) }),
      ...(options.controlSocket !== undefined && {
        CONTROL_SOCKET: options.controlSocket,
        WAKE_COOLDOWN: '0',
      }),
      RESTART_SECONDS: String(restartSeconds),
      JOURNAL: join(tmpdir(), `hq-bench-journal-${process.pid}`),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the runner did not start');
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes(hasRealtime ? 'woken by Realtime' : '"ready"')) resolve();
    });
    child.once('close', (code) => reject(new Error(`the runner ended with ${code}`)));
  });
  return {
    pid,
    processorSeconds: () => {
      // Fields 14 and 15 are user and system time in clock ticks of 10 ms; the name before them may hold spaces.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    residentMemory: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    stop: () => {
      child.kill('SIGTERM');
      return closed(child);
    },
  };
}
