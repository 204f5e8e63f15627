import { Worker } from 'node:worker_threads';
import type { Log } from '@hq/shared/log';
import { backoffMs, withinLimit } from '@hq/shared/program';
import { type BirpcReturn, createBirpc } from 'birpc';
import type { Adapter, AdapterHealth, Capabilities, ConnectionHealth } from '../contract/adapter.ts';
import type { Acknowledgement, Platform, Receiver, SendResult } from '../contract/inbound.ts';
import { createRepeater } from '../core/repeater.ts';
import type { CoreFunctions, WorkerFunctions } from './worker-protocol.ts';

export interface SupervisedAdapterOptions {
  readonly platform: Platform;
  /** The worker's program. */
  readonly program: URL;
  /** All variables that the worker sees. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Milliseconds before the first restart. */
  readonly firstRestartMs?: number;
}

const longestRestartMs = 60_000;
/** Milliseconds after which a crash counts as the first one again. */
const steadyAfterMs = 120_000;
const stopLimitMs = 12_000;
/** Milliseconds; an adapter answers every call, so a later answer never comes. */
const answerLimitMs = 120_000;

/** The worker did not answer because it ended or was too slow. */
class WorkerAway extends Error {}

interface RunningWorker {
  readonly thread: Worker;
  readonly rpc: BirpcReturn<WorkerFunctions, CoreFunctions>;
  readonly startedAt: number;
}

/** An adapter in a worker thread. The thread is restarted whenever it ends; meanwhile its messages wait. */
export class SupervisedAdapter implements Adapter {
  readonly platform: Platform;
  readonly #options: SupervisedAdapterOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #listeners = new Set<() => void>();
  #worker: RunningWorker | null = null;
  #capabilities: Capabilities | null = null;
  #receiver: Receiver | null = null;
  #isClosed = false;
  #crashes = 0;
  /** Crashes in a row. */
  #failures = 0;
  readonly #spawning = createRepeater(async () => this.#spawn());
  #health: AdapterHealth = {
    state: 'stopped',
    detail: null,
    install: null,
    lastInboundAt: null,
    lastOutboundAt: null,
  };

  constructor(options: SupervisedAdapterOptions) {
    this.#options = options;
    this.platform = options.platform;
  }

  get capabilities(): Capabilities {
    if (this.#capabilities === null) throw new Error(`the adapter of ${this.platform} is not open yet`);
    return this.#capabilities;
  }

  /** Resolves when the worker has loaded its platform for the first time. */
  open(): Promise<void> {
    this.#spawning.request(0);
    return this.#ready.promise;
  }

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver;
    this.#health = { ...this.#health, state: 'starting', detail: null };
    if (this.#worker === null) this.#spawning.request(0);
    else await this.#start();
  }

  async stop(): Promise<void> {
    this.#receiver = null;
    const stopping = this.#worker?.rpc.stop().catch((error: unknown) => {
      // A worker that ended has stopped too.
      if (error instanceof WorkerAway) return;
      this.#options.log.warn({ err: error }, 'the adapter failed to stop');
    });
    if (stopping === undefined) return;
    await withinLimit(stopLimitMs, stopping);
    this.#health = { ...this.#health, state: 'stopped', detail: null };
  }

  /** Ends the worker for good. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#spawning.stop();
    await this.#worker?.thread.terminate();
  }

  health(): AdapterHealth {
    return this.#health;
  }

  /** The number of times that the worker ended by itself. */
  crashes(): number {
    return this.#crashes;
  }

  /** Called whenever the adapter is connected after it was not. */
  onConnected(listener: () => void): void {
    this.#listeners.add(listener);
  }

  readonly send: Adapter['send'] = (...args) => this.#call((rpc) => rpc.send(...args));
  readonly edit: Adapter['edit'] = (...args) => this.#call((rpc) => rpc.edit(...args));
  readonly file: Adapter['file'] = (...args) => this.#call((rpc) => rpc.file(...args));
  readonly describeCommands: Adapter['describeCommands'] = (...args) =>
    this.#call((rpc) => rpc.describeCommands(...args));

  async #call(call: (rpc: RunningWorker['rpc']) => Promise<SendResult>): Promise<SendResult> {
    if (this.#worker === null) return away('the adapter is being restarted');
    try {
      const sent = await call(this.#worker.rpc);
      if (sent.ok) this.#health = { ...this.#health, lastOutboundAt: Date.now() };
      return sent;
    } catch (error) {
      if (error instanceof WorkerAway) return away(error.message);
      this.#options.log.error({ err: error }, 'an adapter threw an error that it has to return');
      return away('the adapter failed');
    }
  }

  /** Starts a worker, unless there is one. */
  #spawn(): null {
    if (this.#worker !== null) return null;
    const { platform, program, env, log } = this.#options;
    const thread = new Worker(program, {
      env: { ...env },
      workerData: { platform },
      name: `hq-bots ${platform}`,
      // Operators cannot change how telegraf parses addresses.
      execArgv: ['--disable-warning=DEP0169'],
      // A worker that leaks memory ends alone.
      resourceLimits: { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 2, stackSizeMb: 2 },
    });
    const rpc: RunningWorker['rpc'] = createBirpc<WorkerFunctions, CoreFunctions>(
      {
        ready: (capabilities) => this.#onReady(capabilities),
        health: (health) => this.#onHealth(health),
        receive: (delivery, inbound) => this.#receive(rpc, delivery, inbound),
        complete: async (sender, request) => (await this.#receiver?.complete(sender, request)) ?? [],
      },
      {
        post: (message) => thread.postMessage(message),
        on: (listener) => thread.on('message', listener),
        timeout: answerLimitMs,
        onTimeoutError: () => {
          throw new WorkerAway('the adapter did not answer');
        },
        onFunctionError: (error, name) => {
          log.error({ err: error, function: name }, 'a call of an adapter failed');
        },
      },
    );
    this.#worker = { thread, rpc, startedAt: Date.now() };
    thread.on('error', (error) => log.error({ err: error }, 'the adapter failed'));
    thread.on('exit', () => this.#onExit());
    return null;
  }

  #onReady(capabilities: Capabilities): void {
    this.#capabilities = capabilities;
    this.#ready.resolve();
    if (this.#receiver !== null) void this.#start();
  }

  #onHealth(health: ConnectionHealth): void {
    const isNew = health.state === 'connected' && this.#health.state !== 'connected';
    this.#health = { ...this.#health, ...health };
    if (isNew) for (const listener of this.#listeners) listener();
  }

  async #start(): Promise<void> {
    const worker = this.#worker;
    try {
      await worker?.rpc.start();
    } catch (error) {
      if (error instanceof WorkerAway) return;
      this.#options.log.error({ err: error }, 'the adapter failed to start');
      await worker?.thread.terminate();
    }
  }

  #receive(
    rpc: RunningWorker['rpc'],
    delivery: number,
    inbound: Parameters<Receiver['receive']>[0],
  ): Promise<Acknowledgement> {
    // Without an acknowledgement the platform delivers again, to the next process.
    if (this.#receiver === null) return new Promise<never>(() => undefined);
    this.#health = { ...this.#health, lastInboundAt: Date.now() };
    return this.#receiver.receive(inbound, {
      send: async (card, options = {}) =>
        rpc.$closed
          ? { ok: false, problem: { kind: 'gone' } }
          : this.#call(() => rpc.reply(delivery, card, options)),
    });
  }

  #onExit(): void {
    const { log, firstRestartMs = 1_000 } = this.#options;
    const startedAt = this.#worker?.startedAt ?? 0;
    this.#worker?.rpc.$close(new WorkerAway('the adapter ended'));
    this.#worker = null;
    if (this.#isClosed) return;
    this.#crashes += 1;
    this.#failures = Date.now() - startedAt > steadyAfterMs ? 1 : this.#failures + 1;
    const pauseMs = backoffMs(this.#failures, {
      firstMs: firstRestartMs,
      longestMs: longestRestartMs,
      jitter: 'none',
    });
    this.#health = {
      ...this.#health,
      state: this.#receiver === null ? 'stopped' : 'reconnecting',
      detail: `The adapter ended by itself and is restarted in ${Math.ceil(pauseMs / 1000)} s.`,
    };
    log.error({ pauseMs }, 'the adapter ended by itself');
    this.#spawning.request(pauseMs);
  }
}

function away(reason: string): SendResult {
  return { ok: false, problem: { kind: 'away', reason } };
}
