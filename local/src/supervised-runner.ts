import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunningStack } from './run-file.ts';

export interface SupervisedRunner {
  /** Asks it to stop, with its gateway; ends it when it has not within the bound. */
  stop(boundMs: number): Promise<void>;
}

export interface SuperviseRunnerOptions {
  /** The program: the bundle, or the source where there is none. */
  readonly program: string;
  readonly stack: RunningStack;
  readonly gatewayId: string;
  readonly logFile: string;
  readonly report: (line: string) => void;
}

/** What an operator may set in the starter's environment for the runner. */
const passedOn = [
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

const firstRetryMs = 500;
const lastRetryMs = 30_000;
/** One that ran as long as this was well; the next pause is short again. */
const stableMs = 60_000;
const logKeptBytes = 8 * 1024 * 1024;

/** The runner as a child that is started again when it ends unasked. It stops by itself when this process is gone. */
export function superviseRunner(options: SuperviseRunnerOptions): SupervisedRunner {
  let stopping = false;
  let retryMs = firstRetryMs;
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
          if (Date.now() - startedAt > stableMs) retryMs = firstRetryMs;
          options.report(
            `The runner ended (${signal ?? code}); starting it again. Its log: ${options.logFile}`,
          );
          timer = setTimeout(start, retryMs);
          retryMs = Math.min(retryMs * 2, lastRetryMs);
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
  for (const name of passedOn) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  const log = openLog(logFile);
  try {
    return spawn(process.execPath, [program], {
      cwd: fileURLToPath(root),
      env: environment,
      stdio: ['ignore', log, log, 'ipc'],
      // A Ctrl-C in the terminal is ours to hand on, in order.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

/** Appends; a log that has grown large is put aside first, and the one before it goes. */
function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logKeptBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
