import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { HqError } from '@hq/shared/errors';
import { sleep, timedOut, withinLimit } from '@hq/shared/program';
import { findOpenClaw } from './package.ts';

const probeEveryMs = 100;
const probeTimeoutMs = 5_000;

export interface OpenClawOptions {
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Receives the process id before OpenClaw begins, so that no start is without it. */
  readonly pidFile: string;
  readonly onLine: (line: string) => void;
}

/** OpenClaw's process, from its start to its exit. */
export class OpenClawProcess {
  readonly pid: number;
  /** Resolves to the exit code; 128 + n after signal n. */
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  readonly #port: number;
  #exitCode: number | null = null;

  private constructor(child: ChildProcess, pid: number, { port, onLine }: OpenClawOptions) {
    this.#child = child;
    this.#port = port;
    this.pid = pid;
    for (const output of [child.stdout, child.stderr]) readLines(output, onLine);
    this.exited = once(child, 'exit').then(() => {
      this.#exitCode = exitCodeOf(child);
      return this.#exitCode;
    });
  }

  /** Starts it. The shell writes the file and becomes OpenClaw. */
  static async start(options: OpenClawOptions): Promise<OpenClawProcess> {
    const { program } = findOpenClaw();
    const { port, env, cwd, pidFile } = options;
    const command = [process.execPath, program, 'gateway', 'run', '--port', String(port)];
    const child = spawn('/bin/sh', ['-c', 'printf %s "$$" >"$0" && exec "$@"', pidFile, ...command], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid === undefined) {
      const [cause] = await once(child, 'error');
      throw new HqError('failed', 'OpenClaw could not be started.', { cause });
    }
    return new OpenClawProcess(child, pid, options);
  }

  get hasExited(): boolean {
    return this.#exitCode !== null;
  }

  /** Waits until it has started; returns false when it ended instead. */
  async waitUntilStarted(signal: AbortSignal): Promise<boolean> {
    while (!this.hasExited) {
      signal.throwIfAborted();
      if (await this.#answers('/startupz')) return true;
      await Promise.race([sleep(probeEveryMs, signal), this.exited]);
    }
    return false;
  }

  /** Sends SIGTERM, and SIGKILL after the grace. Returns the exit code. */
  async stop(graceMs: number): Promise<number> {
    if (this.hasExited) return this.exited;
    this.#child.kill('SIGTERM');
    if ((await withinLimit(graceMs, this.exited)) === timedOut) this.#child.kill('SIGKILL');
    return this.exited;
  }

  async #answers(path: string): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#port}${path}`, {
        signal: AbortSignal.timeout(probeTimeoutMs),
        headers: { connection: 'close' },
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      // Not listening yet, or too busy to answer.
      return false;
    }
  }
}

function readLines(output: Readable | null, onLine: (line: string) => void): void {
  if (output !== null) createInterface({ input: output }).on('line', onLine);
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

function exitCodeOf({ exitCode, signalCode }: ChildProcess): number {
  return exitCode ?? 128 + (signalNumbers[signalCode ?? ''] ?? 0);
}
