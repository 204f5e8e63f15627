import { Worker } from 'node:worker_threads';
import type { Log } from '@hq/shared/log';
import { backoffMs } from '@hq/shared/program';
import type { Adapter, AdapterHealth, Capabilities } from '../contract/adapter.ts';
import type { Platform, Receiver, SendResult } from '../contract/inbound.ts';
import type { FromWorker, OutboundCall, ToWorker } from './worker-messages.ts';

/** An adapter in a thread of its own. It may end at any time: it is started again, and the core only sees it away for a while. */
export interface SupervisedAdapter extends Adapter {
  /** Resolves when the thread has loaded its platform for the first time. */
  open(): Promise<void>;
  /** Ends the thread for good. */
  close(): Promise<void>;
  /** How often the thread has ended by itself. */
  crashes(): number;
  /** Called whenever it has connected. */
  onStarted(listener: () => void): void;
}

export interface SupervisedAdapterOptions {
  readonly platform: Platform;
  /** The program of the thread. */
  readonly program: URL;
  /** All that it sees of the environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly firstRestartMs?: number;
}

const longestRestartMs = 60_000;
/** A thread that has run for so long has not ended because of how it begins. */
const steadyAfterMs = 120_000;
/** A token that was refused may have been allowed again meanwhile. */
const refusedRetryMs = 300_000;
const stopLimitMs = 12_000;
/** An adapter answers everything; what is not answered for so long never will be. */
const answerLimitMs = 120_000;
const away = (reason: string): SendResult => ({ ok: false, problem: { kind: 'away', reason } });

export function createSupervisedAdapter(options: SupervisedAdapterOptions): SupervisedAdapter {
  const { platform, program, env, log, firstRestartMs = 1_000 } = options;
  let worker: Worker | null = null;
  let capabilities: Capabilities | null = null;
  let receiver: Receiver | null = null;
  let isClosed = false;
  let crashes = 0;
  let failures = 0;
  let startedAt = 0;
  let restart: NodeJS.Timeout | null = null;
  let health: AdapterHealth = {
    state: 'stopped',
    detail: null,
    install: null,
    lastInboundAt: null,
    lastOutboundAt: null,
  };
  const pending = new Map<number, (sent: SendResult) => void>();
  const listeners = new Set<() => void>();
  let count = 0;
  let onReady: (() => void) | null = null;
  let onStarted: (() => void) | null = null;
  let onRefused: ((message: string) => void) | null = null;
  let onStopped: (() => void) | null = null;

  function tell(message: ToWorker): void {
    worker?.postMessage(message);
  }

  function spawn(): void {
    startedAt = Date.now();
    const thread = new Worker(program, {
      env: { ...env },
      workerData: { platform },
      name: `hq-bots ${platform}`,
      // How Telegram's library parses addresses is nothing that an operator could change.
      execArgv: ['--disable-warning=DEP0169'],
      // One that grows without end takes itself down, not the others.
      resourceLimits: { maxOldGenerationSizeMb: 160, maxYoungGenerationSizeMb: 2, stackSizeMb: 2 },
    });
    worker = thread;
    thread.on('message', (message: FromWorker) => {
      if (worker === thread) hear(message);
    });
    thread.on('error', (error) => log.error({ err: error }, 'the adapter failed'));
    thread.on('exit', () => {
      if (worker === thread) lost();
    });
  }

  function hear(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        capabilities = message.capabilities;
        onReady?.();
        if (receiver !== null) tell({ kind: 'start' });
        break;
      case 'started':
        onStarted?.();
        for (const listener of listeners) listener();
        break;
      case 'refused':
        log.error({ hint: message.hint }, message.message);
        onRefused?.(message.message);
        schedule(refusedRetryMs, () => tell({ kind: 'start' }));
        break;
      case 'stopped':
        onStopped?.();
        break;
      case 'health':
        health = message.health;
        break;
      case 'sent':
        pending.get(message.id)?.(message.sent);
        pending.delete(message.id);
        break;
      case 'heard':
        void receiver
          ?.receive(message.inbound, {
            send: (card, { private: only = false } = {}) =>
              put({ what: 'say', heard: message.id, card, private: only }),
          })
          .then((acknowledgement) => tell({ kind: 'acknowledge', id: message.id, acknowledgement }));
        break;
      case 'complete':
        void receiver
          ?.complete(message.sender, message.request)
          .then((choices) => tell({ kind: 'completed', id: message.id, choices }));
        break;
    }
  }

  function lost(): void {
    worker = null;
    for (const settle of pending.values()) settle(away('the adapter ended'));
    pending.clear();
    onStopped?.();
    if (isClosed) return;
    crashes += 1;
    if (Date.now() - startedAt > steadyAfterMs) failures = 0;
    failures += 1;
    const restartBackoff = { firstMs: firstRestartMs, longestMs: longestRestartMs, jitter: 'none' } as const;
    const pause = backoffMs(failures, restartBackoff);
    health = {
      ...health,
      state: receiver === null ? 'stopped' : 'reconnecting',
      detail: `The adapter ended by itself and is started again in ${Math.ceil(pause / 1000)} s.`,
    };
    log.error({ pauseMs: pause }, 'the adapter ended by itself');
    schedule(pause, spawn);
  }

  function schedule(pauseMs: number, work: () => void): void {
    if (restart !== null) clearTimeout(restart);
    restart = setTimeout(() => {
      restart = null;
      if (!isClosed) work();
    }, pauseMs);
    restart.unref();
  }

  function put(out: OutboundCall): Promise<SendResult> {
    if (worker === null) return Promise.resolve(away('the adapter is being started again'));
    count += 1;
    const id = count;
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        pending.delete(id);
        resolve(away('the adapter did not answer'));
      }, answerLimitMs);
      pending.set(id, (sent) => {
        clearTimeout(limit);
        resolve(sent);
      });
      tell({ kind: 'out', id, out });
    });
  }

  return {
    platform,
    get capabilities() {
      if (capabilities === null) throw new Error(`the adapter of ${platform} is not open yet`);
      return capabilities;
    },
    open() {
      return new Promise((resolve) => {
        onReady = resolve;
        spawn();
      });
    },
    start(wanted) {
      receiver = wanted;
      health = { ...health, state: 'starting', detail: null };
      return new Promise((resolve) => {
        onStarted = resolve;
        // It is known from its health, and it is tried again.
        onRefused = (message) => {
          health = {
            ...health,
            state: health.state === 'starting' ? 'revoked' : health.state,
            detail: message,
          };
          resolve();
        };
        tell({ kind: 'start' });
      });
    },
    async stop() {
      receiver = null;
      if (restart !== null) clearTimeout(restart);
      if (worker === null) return;
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, stopLimitMs);
        onStopped = () => {
          clearTimeout(limit);
          resolve();
        };
        tell({ kind: 'stop' });
      });
      health = { ...health, state: 'stopped', detail: null };
    },
    health: () => health,
    send: (location, card) => put({ what: 'send', location, card }),
    edit: (handle, card) => put({ what: 'edit', handle, card }),
    file: (location, file) => put({ what: 'file', location, file }),
    describeCommands: (commands) => put({ what: 'describe', commands }),
    async close() {
      isClosed = true;
      if (restart !== null) clearTimeout(restart);
      await worker?.terminate();
    },
    crashes: () => crashes,
    onStarted(listener) {
      listeners.add(listener);
    },
  };
}
