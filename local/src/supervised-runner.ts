import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Backoff, backoffMs } from '@hq/shared/program';
import type { RunningStack } from './run-file.ts';

export interface SupervisedRunner {
  /** Stops the runner with its gateway; kills it after the bound. */
  stop(boundMs: number): Promise<void>;
}

export interface SuperviseRunnerOptions {
  /** Path of the bundle, or of the source where there is none. */
  readonly program: string;
  readonly stack: RunningStack;
  readonly gatewayId: string;
  readonly logFile: string;
  readonly report: (line: string) => void;
}

/** Environment variables that are passed on to the runner. */
const passedVariables = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'LOG_LEVEL',
  'POLL_INTERVAL',
  'COMMAND_TIMEOUT',
  'RUNNER_SLOTS',
] as const;

const root = new URL('../../', import.meta.url);

const backoff: Backoff = { firstMs: 500, longestMs: 30_000, jitter: 'none' };
/** A runner that ran this long resets the delay of restarts. */
const stableMs = 60_000;
const logKeptBytes = 8 * 1024 * 1024;

/** Runs the runner as a child and restarts it when it exits. It stops by itself when this process is gone. */
export function superviseRunner(options: SuperviseRunnerOptions): SupervisedRunner {
  let stopping = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();

  const start = (): void => {
    const startedAt = Date.now();
    const running = launch(options);
    child = running;
    ended = new Promise((resolve) => {
      running.once('error', (error) => {
        options.report(`The runner could not be started: ${error.message}`);
        resolve();
      });
      running.once('exit', (code, signal) => {
        if (!stopping) {
          failures = Date.now() - startedAt > stableMs ? 1 : failures + 1;
          options.report(`The runner ended (${signal ?? code}); restarting it. Its log: ${options.logFile}`);
          timer = setTimeout(start, backoffMs(failures, backoff));
        }
        resolve();
      });
    });
  };
  start();

  return {
    async stop(boundMs) {
      stopping = true;
      clearTimeout(timer);
      const last = child;
      if (!last || last.exitCode !== null || last.signalCode !== null) return;
      last.kill('SIGTERM');
      const bound = setTimeout(() => last.kill('SIGKILL'), boundMs);
      await ended;
      clearTimeout(bound);
    },
  };
}

function launch({ program, stack, gatewayId, logFile }: SuperviseRunnerOptions): ChildProcess {
  const environment: Record<string, string> = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    GATEWAY_ID: gatewayId,
    RUNTIME_MODE: 'process',
    GATEWAY_HOME: stack.gatewayHome,
    GATEWAY_CONFIG: fileURLToPath(new URL('gateway/config/openclaw.json', root)),
    HQ_PARENT: 'ipc',
  };
  for (const name of passedVariables) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  const log = openLog(logFile);
  try {
    return spawn(process.execPath, [program], {
      cwd: fileURLToPath(root),
      env: environment,
      stdio: ['ignore', log, log, 'ipc'],
      // Keeps Ctrl-C in the terminal from reaching it: this process stops its children in order.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

/** Opens the log for appending. Renames a large log first, which replaces the previous one. */
function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logKeptBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
