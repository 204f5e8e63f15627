import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Backoff, backoffMs, fileFault, idleNodeOptions } from '@hq/shared/program';
import type { AgentModels } from './first-agent.ts';
import { limitChildLog, openChildLog } from './log-file.ts';
import type { RunningStack } from './run-file.ts';

export interface SuperviseRunnerOptions {
  /** Path of the bundle, or of the source where there is none. */
  readonly program: string;
  readonly stack: RunningStack;
  readonly gatewayId: string;
  readonly models: AgentModels;
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
  'MAX_CONCURRENT_WAKES',
  'WAKE_COOLDOWN',
  'MAX_WAKE_COOLDOWN',
  'MAX_CONSECUTIVE_FAILURES',
  'AGENT_PROCESS_TIMEOUT',
  'RECONCILE_INTERVAL',
  'STALE_ITEM_AGE_HOURS',
] as const;

const root = new URL('../../', import.meta.url);

const backoff: Backoff = { firstMs: 500, longestMs: 30_000, jitter: 'none' };
/** A runner that ran this long resets the delay of restarts. */
const stableMs = 60_000;
const logCheckMs = 30_000;

/** Runs the runner as a child and restarts it when it exits. It stops by itself when this process is gone. */
export class SupervisedRunner {
  readonly #options: SuperviseRunnerOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  readonly #logCheck: NodeJS.Timeout;
  #failures = 0;
  #isStopping = false;

  constructor(options: SuperviseRunnerOptions) {
    this.#options = options;
    limitChildLog(options.logFile);
    this.#logCheck = setInterval(() => limitChildLog(options.logFile), logCheckMs);
    this.#start();
  }

  /** Stops the runner with its gateway; kills it after the bound. */
  async stop(boundMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    clearInterval(this.#logCheck);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const bound = setTimeout(() => child.kill('SIGKILL'), boundMs);
    await this.#exited;
    clearTimeout(bound);
  }

  #start(): void {
    const startedAt = Date.now();
    let child: ChildProcess;
    try {
      child = launch(this.#options);
    } catch (error) {
      // The system has no memory, process or file left for it now.
      this.#restart(fileFault(error), 0);
      return;
    }
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      // Without a process there is no `exit`.
      child.once('error', (error) => {
        if (child.pid === undefined && !this.#isStopping) this.#restart(error.message, 0);
        resolve();
      });
      child.once('exit', (code, signal) => {
        if (!this.#isStopping) this.#restart(`${signal ?? code}`, Date.now() - startedAt);
        resolve();
      });
    });
  }

  #restart(exit: string, ranMs: number): void {
    const { report, logFile } = this.#options;
    this.#failures = ranMs > stableMs ? 1 : this.#failures + 1;
    report(`The runner ended (${exit}); restarting it. Its log: ${logFile}`);
    this.#timer = setTimeout(() => this.#start(), backoffMs(this.#failures, backoff));
  }
}

function launch(options: SuperviseRunnerOptions): ChildProcess {
  const { program, stack, gatewayId, models, logFile, report } = options;
  const environment: Record<string, string> = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    GATEWAY_ID: gatewayId,
    RUNTIME_MODE: 'process',
    GATEWAY_HOME: stack.gatewayHome,
    SUPABASE_ANON_KEY: stack.anonKey,
    HQ_REHEARSAL: models.isRehearsal ? '1' : '0',
    OPENAI_BASE_URL: models.server?.baseUrl ?? '',
    OPENAI_MODEL: models.server?.model ?? '',
    HQ_PARENT: 'ipc',
    MALLOC_ARENA_MAX: '2',
  };
  for (const name of passedVariables) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  const log = openChildLog(logFile, report);
  try {
    return spawn(process.execPath, [...idleNodeOptions, program], {
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
