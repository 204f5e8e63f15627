import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { backoffMs } from '@hq/shared/program';

const startLimitMs = 20_000;
const pollMs = 50;
const backoff = { firstMs: 2_000, longestMs: 60_000, jitter: 'none' } as const;

export interface AgentBrowserOptions {
  readonly agent: string;
  readonly profileDir: string;
  /** Path of the socket of its DevTools. */
  readonly socketPath: string;
  readonly idleMs: number;
  /** Prepares the jail: an argument list, and what to call when the browser has ended. */
  readonly prepare: () => Promise<{ argv: readonly string[]; ended: () => Promise<void> }>;
}

/** The browser of one agent: started at first use, stopped when it was idle, never two on one profile. */
export class AgentBrowser {
  readonly #options: AgentBrowserOptions;
  #child: ChildProcess | undefined;
  #starting: Promise<void> | undefined;
  #idle: NodeJS.Timeout | undefined;
  #failures = 0;
  #notBefore = 0;

  constructor(options: AgentBrowserOptions) {
    this.#options = options;
  }

  /** The socket of its DevTools; undefined while it does not run. Asking does not begin the idle time anew. */
  get devTools(): string | undefined {
    return this.#child === undefined ? undefined : this.#options.socketPath;
  }

  /** Starts the browser where it does not run, and begins the idle time anew. Returns the socket of its DevTools. */
  async open(): Promise<string> {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), this.#options.idleMs).unref();
    if (this.#child === undefined) {
      this.#starting ??= this.#start().finally(() => {
        this.#starting = undefined;
      });
    }
    await this.#starting;
    return this.#options.socketPath;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#starting?.catch(() => undefined);
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async #start(): Promise<void> {
    const { agent, profileDir, socketPath, prepare } = this.#options;
    if (Date.now() < this.#notBefore) {
      throw new HqError('unreachable', `The browser of agent ${agent} did not start.`, {
        hint: `HQ tries again in ${Math.ceil((this.#notBefore - Date.now()) / 1000)} s.`,
      });
    }
    await removeStaleLocks(profileDir, socketPath);
    const { argv, ended } = await prepare();
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { cwd: '/', env: {}, stdio: 'ignore' });
    this.#child = child;
    const forget = () => {
      if (this.#child === child) this.#child = undefined;
      // Leftovers in the run directory are removed with that directory.
      ended().catch(() => undefined);
    };
    child.once('exit', forget);
    try {
      await once(child, 'spawn');
      // A signal that cannot be sent is no failure of the gateway.
      child.on('error', () => undefined);
      await answers(child, socketPath);
      this.#failures = 0;
    } catch (cause) {
      child.kill('SIGKILL');
      // A process that was never created does not exit.
      if (child.pid === undefined) forget();
      this.#failures += 1;
      this.#notBefore = Date.now() + backoffMs(this.#failures, backoff);
      throw new HqError('failed', `The browser of agent ${agent} did not start.`, {
        hint: '`hq-tui doctor` says what this host lacks for browsers.',
        cause,
      });
    }
  }
}

/** Removes the locks of a browser that was killed: with another host name in them Chromium refuses to start. */
async function removeStaleLocks(profileDir: string, socketPath: string): Promise<void> {
  await rm(socketPath, { force: true });
  const stale = (await readdir(profileDir)).filter((name) => name.startsWith('Singleton'));
  for (const name of stale) await rm(join(profileDir, name), { force: true });
}

async function answers(child: ChildProcess, socketPath: string): Promise<void> {
  const limit = Date.now() + startLimitMs;
  while (!(await isUp(socketPath))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('It ended at once.');
    if (Date.now() > limit) throw new Error('Its DevTools do not answer.');
    await delay(pollMs);
  }
}

async function isUp(socketPath: string): Promise<boolean> {
  const outgoing = request({ socketPath, path: '/json/version', headers: { host: 'localhost' } });
  outgoing.setTimeout(2_000, () => outgoing.destroy());
  outgoing.end();
  try {
    const [answer] = await once(outgoing, 'response');
    answer.resume();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}
