import type { ServiceHealth, ServiceStatus } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { OpenClawAnswer, OpenClawCall } from '../openclaw-call.ts';
import type { Restarted, RestartOptions, Stack } from '../stack.ts';
import { freePort } from './free-port.ts';
import type { GatewayHome } from './gateway-home.ts';
import { GatewayProcess } from './gateway-process.ts';
import { LastLines } from './last-lines.ts';
import { removePidFile, stopOrphan, writePidFile } from './pid-file.ts';

const serviceName = 'gateway';
const keptLines = 1_000;
/** The longest that a restart lets the gateway finish what it does. */
const restartGraceMs = 60_000;
const closeGraceMs = 8_000;
const livenessEveryMs = 10_000;
const missesUntilUnhealthy = 3;
const firstBackoffMs = 1_000;
const longestBackoffMs = 60_000;
/** A gateway that was ready for so long starts the count of failures anew. */
const settledMs = 60_000;

/** One OpenClaw gateway without a container, kept running by this runner. */
export class ProcessStack implements Stack {
  readonly kind = 'process';
  readonly #home: GatewayHome;
  readonly #log: Log;
  readonly #lines = new LastLines(keptLines);
  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  #gateway: GatewayProcess | null = null;
  #health: ServiceHealth = 'stopped';
  #restarts = 0;
  #failures = 0;
  #port = 0;
  #launching: Promise<GatewayProcess> | null = null;
  /** The gateway whose exit a restart is waiting for. */
  #stopping: GatewayProcess | null = null;
  #retry: NodeJS.Timeout | undefined;
  #liveness: NodeJS.Timeout | undefined;
  #misses = 0;

  private constructor(home: GatewayHome, log: Log) {
    this.#home = home;
    this.#log = log;
  }

  /** Ends what a dead runner left behind and starts the gateway; it gets ready in the background. */
  static async open(home: GatewayHome, log: Log): Promise<ProcessStack> {
    const orphan = await stopOrphan(home.pidFile);
    if (orphan !== null) log.warn({ pid: orphan }, 'ended the gateway that a dead runner had left behind');
    const stack = new ProcessStack(home, log);
    void stack.#keepUp();
    return stack;
  }

  services(): Promise<readonly ServiceStatus[]> {
    return Promise.resolve([
      {
        name: serviceName,
        health: this.#health,
        startedAt: this.#gateway?.startedAt ?? null,
        version: `openclaw ${this.#home.version}`,
        restarts: this.#restarts,
      },
    ]);
  }

  async restart(service: string, { signal, onOutput }: RestartOptions): Promise<Restarted> {
    this.#mustKnow(service);
    const beganAt = performance.now();
    this.#noRetry();
    await this.#launching?.catch(() => undefined);
    const before = this.#gateway;
    try {
      if (before !== null) {
        onOutput(`stopping gateway (process ${before.pid})`);
        await this.#stop(before, signal);
      }
      signal.throwIfAborted();
      onOutput('starting gateway');
      const gateway = await this.#launch();
      if (!(await this.#awaitReady(gateway, signal, onOutput))) {
        throw new HqError('failed', `The gateway did not start: ${await gateway.exited}.`, {
          hint: `Its last lines: ${this.#lines.last(8).join(' ⏎ ')}`,
        });
      }
      onOutput(`gateway ready (process ${gateway.pid}${before === null ? '' : `, was ${before.pid}`})`);
      return { tookMs: Math.round(performance.now() - beganAt) };
    } finally {
      this.#stopping = null;
      // A restart that did not get to the end must not leave the operator without a gateway.
      if (this.#gateway === null && this.#retry === undefined && !this.#closed.signal.aborted)
        this.#startLater();
    }
  }

  async *logs(service: string, lines: number): AsyncIterable<string> {
    this.#mustKnow(service);
    yield* this.#lines.last(lines);
  }

  async callOpenClaw(
    calls: readonly OpenClawCall[],
    signal: AbortSignal,
  ): Promise<readonly OpenClawAnswer[]> {
    const gateway = this.#gateway;
    if (gateway !== null && this.#health === 'healthy') return gateway.call(this.#home, calls, signal);
    throw new HqError('unreachable', `OpenClaw cannot be told: the gateway is ${this.#health}.`, {
      hint: 'It is told once it runs.',
    });
  }

  watch(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    this.#noRetry();
    clearTimeout(this.#liveness);
    await this.#launching?.catch(() => undefined);
    const gateway = this.#gateway;
    this.#gateway = null;
    if (gateway !== null) await gateway.stop(closeGraceMs);
    await removePidFile(this.#home.pidFile);
  }

  #mustKnow(service: string): void {
    if (service === serviceName) return;
    throw new HqError('not_found', `This stack has no service "${service}".`, {
      hint: `It has one service: ${serviceName}.`,
    });
  }

  /** Its exit is wanted from here on; when the signal aborts, it ends on its own time and is started again. */
  async #stop(gateway: GatewayProcess, signal: AbortSignal): Promise<void> {
    this.#stopping = gateway;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([gateway.stop(restartGraceMs), aborted]);
  }

  #become(health: ServiceHealth): void {
    if (this.#health === health) return;
    this.#health = health;
    for (const listener of this.#listeners) listener();
  }

  #launch(): Promise<GatewayProcess> {
    this.#launching = this.#start().finally(() => {
      this.#launching = null;
    });
    return this.#launching;
  }

  async #start(): Promise<GatewayProcess> {
    this.#closed.signal.throwIfAborted();
    this.#port = await freePort(this.#port);
    const gateway = await GatewayProcess.start(this.#home, this.#port, this.#lines);
    this.#gateway = gateway;
    this.#log.info({ pid: gateway.pid, port: gateway.port }, 'gateway started');
    this.#become('starting');
    void gateway.exited.then((exit) => this.#ended(gateway, exit));
    await writePidFile(this.#home.pidFile, gateway.pid, gateway.port);
    return gateway;
  }

  async #awaitReady(
    gateway: GatewayProcess,
    signal: AbortSignal,
    onOutput: (line: string) => void,
  ): Promise<boolean> {
    const isReady = await gateway.waitUntilReady(signal, onOutput);
    if (isReady && this.#gateway === gateway) {
      this.#log.info({ pid: gateway.pid }, 'gateway ready');
      this.#become('healthy');
      this.#watchLiveness(gateway, performance.now());
    }
    return isReady;
  }

  /** Starts the gateway and waits for it, for as long as this stack is open. */
  async #keepUp(): Promise<void> {
    try {
      const gateway = await this.#launch();
      await this.#awaitReady(gateway, this.#closed.signal, (line) => this.#log.debug(line));
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.#log.error({ err: error }, 'the gateway could not be started');
      this.#startLater();
    }
  }

  #ended(gateway: GatewayProcess, exit: string): void {
    if (this.#gateway !== gateway) return;
    this.#gateway = null;
    clearTimeout(this.#liveness);
    this.#become('stopped');
    if (this.#stopping === gateway) return;
    this.#log.error(
      { pid: gateway.pid, exit, lastLines: this.#lines.last(5) },
      'the gateway ended by itself',
    );
    this.#become('stopped');
    this.#startLater();
  }

  #startLater(): void {
    const pause = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#restarts += 1;
    this.#noRetry();
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#keepUp();
    }, pause);
  }

  #noRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #watchLiveness(gateway: GatewayProcess, readySince: number): void {
    clearTimeout(this.#liveness);
    this.#liveness = setTimeout(async () => {
      const lives = await gateway.isAlive();
      if (this.#gateway !== gateway) return;
      this.#misses = lives ? 0 : this.#misses + 1;
      if (lives && performance.now() - readySince > settledMs) this.#failures = 0;
      if (lives) this.#become('healthy');
      else if (this.#misses >= missesUntilUnhealthy) this.#become('unhealthy');
      this.#watchLiveness(gateway, readySince);
    }, livenessEveryMs);
  }
}
