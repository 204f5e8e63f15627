import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { backoffMs } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { isRelayListening, namespaceHolderArguments } from './namespace-holder.ts';

const startLimitMs = 10_000;
const relayPollMs = 5;
const mostErrorText = 2_000;
const backoff = { firstMs: 500, longestMs: 30_000, jitter: 'none' } as const;
/** A holder that lived this long did not fail at its start. */
const settledMs = 60_000;

/** Paths that `nsenter` opens: they stay this agent's namespaces even when a process id is used again. */
export interface NamespacePaths {
  readonly user: string;
  readonly network: string;
}

export interface HolderPrograms {
  readonly bwrap: string;
  readonly socat: string;
}

interface Running extends NamespacePaths {
  readonly child: ChildProcess;
  readonly handles: readonly FileHandle[];
  readonly startedAt: number;
}

/**
 * The network namespace of one agent. A process holds it for as long as the agent works, so that a server started by one
 * command answers the next one. Its one way out is a relay to the agent's proxy. Without a holder there is no command.
 */
export class NetworkNamespace {
  readonly #agent: string;
  readonly #proxySocket: string;
  readonly #programs: HolderPrograms | undefined;
  #running: Running | undefined;
  #starting: Promise<Running> | undefined;
  #failures = 0;
  #notBefore = 0;

  constructor(agent: string, proxySocket: string, programs: HolderPrograms | undefined) {
    this.#agent = agent;
    this.#proxySocket = proxySocket;
    this.#programs = programs;
  }

  /** Starts the holder where none runs. After a failure it waits: 0.5 s, then twice as long each time. */
  async enter(): Promise<NamespacePaths> {
    if (this.#running !== undefined) return this.#running;
    const waitMs = this.#notBefore - Date.now();
    if (waitMs > 2_000) {
      throw new HqError('unreachable', `The network of agent ${this.#agent} does not start.`, {
        hint: `HQ tries again in ${Math.ceil(waitMs / 1000)} s. See the gateway’s log.`,
      });
    }
    this.#starting ??= this.#start(Math.max(0, waitMs)).finally(() => {
      this.#starting = undefined;
    });
    return await this.#starting;
  }

  async close(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const running = this.#running;
    if (running === undefined) return;
    const exited = once(running.child, 'exit');
    running.child.kill('SIGKILL');
    await exited;
  }

  async #start(waitMs: number): Promise<Running> {
    await delay(waitMs);
    try {
      const programs = this.#programs;
      if (programs === undefined) throw new Error('bwrap or socat is missing');
      const running = await startHolder(programs, this.#proxySocket);
      this.#running = running;
      if (running.child.exitCode !== null || running.child.signalCode !== null) await this.#ended(running);
      else running.child.once('exit', () => void this.#ended(running));
      return running;
    } catch (cause) {
      this.#failed();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new HqError('failed', `The network of agent ${this.#agent} did not start: ${reason}`, {
        hint: 'No command of this agent runs without it. `hq-tui doctor` says what this host lacks.',
        cause,
      });
    }
  }

  async #ended(running: Running): Promise<void> {
    if (this.#running !== running) return;
    this.#running = undefined;
    if (Date.now() - running.startedAt > settledMs) this.#failures = 0;
    this.#failed();
    for (const handle of running.handles) await handle.close();
  }

  #failed(): void {
    this.#failures += 1;
    this.#notBefore = Date.now() + backoffMs(this.#failures, backoff);
  }
}

const childInfo = z.object({ 'child-pid': z.int().positive() });

/** Starts the holder, waits for its relay and opens its namespaces. */
async function startHolder({ bwrap, socat }: HolderPrograms, proxySocket: string): Promise<Running> {
  const child = spawn(bwrap, namespaceHolderArguments(socat, proxySocket), {
    cwd: '/',
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [, , errors, info] = child.stdio;
  let printed = '';
  // Read to the end, so that the relay never waits; kept is what a failed start says.
  errors?.on('data', (bytes: Buffer) => {
    if (printed.length < mostErrorText) printed += bytes.toString();
  });
  try {
    await once(child, 'spawn');
    // A signal that cannot be sent is no failure of the gateway.
    child.on('error', () => undefined);
    const pid = await Promise.race([
      readChildPid(info),
      once(child, 'exit').then(() => Promise.reject(new Error('it ended at once'))),
      delay(startLimitMs, undefined, { ref: false }).then(() => Promise.reject(new Error('time limit'))),
    ]);
    await relayListens(child, pid);
    const handles = await openNamespaces(pid);
    const [user, network] = handles.map(({ fd }) => `/proc/${process.pid}/fd/${fd}`);
    if (user === undefined || network === undefined) throw new Error('a namespace is missing');
    return { child, handles, user, network, startedAt: Date.now() };
  } catch (error) {
    child.kill('SIGKILL');
    const reason = printed.trim().split('\n').at(-1);
    throw reason ? new Error(reason, { cause: error }) : error;
  }
}

/** Reads the process id in the namespaces, which bwrap writes in several pieces and keeps the pipe open. */
function readChildPid(info: unknown): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  if (!(info instanceof Readable)) return Promise.reject(new Error('it has no pipe'));
  let text = '';
  info.on('error', reject);
  info.on('data', (bytes: Buffer) => {
    text += bytes;
    if (!text.trimEnd().endsWith('}')) return;
    const parsed = childInfo.safeParse(parseJson(text));
    if (parsed.success) resolve(parsed.data['child-pid']);
    else reject(new Error('bwrap names no process'));
  });
  return promise;
}

async function relayListens(child: ChildProcess, pid: number): Promise<void> {
  const limit = Date.now() + startLimitMs;
  while (!(await isRelayListening(pid))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the relay ended at once');
    if (Date.now() > limit) throw new Error('the relay does not listen');
    await delay(relayPollMs);
  }
}

async function openNamespaces(pid: number): Promise<readonly FileHandle[]> {
  const user = await open(`/proc/${pid}/ns/user`, 'r');
  try {
    return [user, await open(`/proc/${pid}/ns/net`, 'r')];
  } catch (error) {
    await user.close();
    throw error;
  }
}
