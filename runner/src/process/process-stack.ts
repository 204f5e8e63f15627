import type { ServiceHealth, ServiceStatus } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { type Backoff, backoffMs, freePort } from '@hq/shared/program';
import { type Redactor, withoutCutKey } from '@hq/shared/text';
import { GatewayControl } from '../gateway-control.ts';
import type { Restarted, RestartOptions, Stack } from '../stack.ts';
import type { GatewayHome } from './gateway-home.ts';
import { GatewayProcess } from './gateway-process.ts';
import { LastLines } from './last-lines.ts';
import { removePidFile, stopOrphan, writePidFile } from './pid-file.ts';

const serviceName = 'gateway';
const keptLines = 1_000;
/** Longest time that a restart lets the gateway finish its work. */
const restartGraceMs = 60_000;
const closeGraceMs = 8_000;
const livenessEveryMs = 10_000;
const missesUntilUnhealthy = 3;
const backoff: Backoff = { firstMs: 1_000, longestMs: 60_000, jitter: 'none' };
/** A gateway that was ready this long resets the count of failures. */
const settledMs = 60_000;

/** Supervises one hq-gateway, which runs OpenClaw, without a container. */
export class ProcessStack implements Stack {
  readonly kind = 'process';
  readonly gateway: GatewayControl;
  readonly #home: GatewayHome;
  readonly #log: Log;
  readonly #redactor: Redactor;
  readonly #lines: LastLines;
  readonly #listeners = new Set<() => void>();
  readonly #closed = new AbortController();
  #gateway: GatewayProcess | null = null;
  #health: ServiceHealth = 'stopped';
  #restarts = 0;
  #failures = 0;
  #port = 0;
  #launching: Promise<GatewayProcess> | null = null;
  /** Gateway whose exit a restart waits for. */
  #stopping: GatewayProcess | null = null;
  #retry: NodeJS.Timeout | undefined;
  #liveness: NodeJS.Timeout | undefined;
  #misses = 0;

  private constructor(home: GatewayHome, log: Log, redactor: Redactor) {
    this.#home = home;
    this.gateway = new GatewayControl(home.controlSocket);
    this.#log = log;
    this.#redactor = redactor;
    this.#lines = new LastLines(keptLines, redactor);
  }

  /** Stops a gateway of a killed runner and starts a new one, which becomes ready in the background. */
  static async open(home: GatewayHome, log: Log, redactor: Redactor): Promise<ProcessStack> {
    const orphan = await stopOrphan(home.pidFile);
    if (orphan !== null) log.warn({ pid: orphan }, 'stopped the gateway of a killed runner');
    const stack = new ProcessStack(home, log, redactor);
    void stack.#launchWithRetry();
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
    this.#assertService(service);
    const beganAt = performance.now();
    this.#cancelRetry();
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
          hint: `Its last lines: ${this.#lastLines(8).join(' ⏎ ')}`,
        });
      }
      onOutput(`gateway ready (process ${gateway.pid}${before === null ? '' : `, was ${before.pid}`})`);
      return { tookMs: Math.round(performance.now() - beganAt) };
    } finally {
      this.#stopping = null;
      // After an abort nobody else waits for the gateway that was started.
      if (this.#gateway !== null && this.#gateway !== before && this.#health === 'starting')
        void this.#watchStart(this.#gateway).catch(() => undefined);
      // A failed restart must not leave the operator without a gateway.
      if (this.#gateway === null && this.#retry === undefined && !this.#closed.signal.aborted)
        this.#retryLater();
    }
  }

  async *logs(service: string, lines: number): AsyncIterable<string> {
    this.#assertService(service);
    yield* this.#lines.last(lines);
  }

  watch(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    this.#cancelRetry();
    clearTimeout(this.#liveness);
    await this.#launching?.catch(() => undefined);
    const gateway = this.#gateway;
    this.#gateway = null;
    if (gateway !== null) await gateway.stop('SIGINT', closeGraceMs);
    await removePidFile(this.#home.pidFile);
  }

  /** Redacted as lines: together as one text, a secret of several lines is not recognized. */
  #lastLines(count: number): readonly string[] {
    return withoutCutKey(this.#lines.last(count)).map(this.#redactor.lines());
  }

  #assertService(service: string): void {
    if (service === serviceName) return;
    throw new HqError('not_found', `This stack has no service "${service}".`, {
      hint: `It has one service: ${serviceName}.`,
    });
  }

  /** Marks the exit as wanted. After an abort the gateway ends later and is started again. */
  async #stop(gateway: GatewayProcess, signal: AbortSignal): Promise<void> {
    this.#stopping = gateway;
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([gateway.stop('SIGTERM', restartGraceMs), aborted]);
  }

  #setHealth(health: ServiceHealth): void {
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
    this.#setHealth('starting');
    void gateway.exited.then((exit) => this.#onExit(gateway, exit));
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
      this.#setHealth('healthy');
      this.#watchLiveness(gateway, performance.now());
    }
    return isReady;
  }

  /** Starts the gateway and waits until it is ready; retries while this stack is open. */
  async #launchWithRetry(): Promise<void> {
    try {
      await this.#watchStart(await this.#launch());
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.#log.error({ err: error }, 'the gateway could not be started');
      this.#retryLater();
    }
  }

  #watchStart(gateway: GatewayProcess): Promise<boolean> {
    return this.#awaitReady(gateway, this.#closed.signal, (line) => this.#log.debug(line));
  }

  #onExit(gateway: GatewayProcess, exit: string): void {
    if (this.#gateway !== gateway) return;
    this.#gateway = null;
    clearTimeout(this.#liveness);
    this.#setHealth('stopped');
    if (this.#stopping === gateway) return;
    this.#log.error({ pid: gateway.pid, exit, lastLines: this.#lastLines(5) }, 'the gateway ended by itself');
    this.#retryLater();
  }

  #retryLater(): void {
    this.#failures += 1;
    this.#restarts += 1;
    this.#cancelRetry();
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined;
        void this.#launchWithRetry();
      },
      backoffMs(this.#failures, backoff),
    );
  }

  #cancelRetry(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #watchLiveness(gateway: GatewayProcess, readySince: number): void {
    clearTimeout(this.#liveness);
    this.#liveness = setTimeout(async () => {
      const isAlive = await gateway.isAlive();
      if (this.#gateway !== gateway) return;
      this.#misses = isAlive ? 0 : this.#misses + 1;
      if (isAlive && performance.now() - readySince > settledMs) this.#failures = 0;
      if (isAlive) this.#setHealth('healthy');
      else if (this.#misses >= missesUntilUnhealthy) this.#setHealth('unhealthy');
      this.#watchLiveness(gateway, readySince);
    }, livenessEveryMs);
  }
}
