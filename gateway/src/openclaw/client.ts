import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import type { Log } from '@hq/shared/log';
import { type Backoff, backoffMs, sleep } from '@hq/shared/program';
import type { z } from 'zod';
import type { Hello } from './frames.ts';
import { OpenClawSocket, type SocketCall } from './socket.ts';

const backoff: Backoff = { firstMs: 100, longestMs: 5_000 };
const answerMs = 60_000;

/** One request to OpenClaw. */
export interface ClientCall extends SocketCall {
  /** Milliseconds until the call throws `timed_out`; a minute by default. */
  readonly limitMs?: number;
}

export type EventListener = (event: string, payload: unknown) => void;

/** Keeps one connection to OpenClaw's port of loopback, and connects again when it ends. */
export class OpenClawClient {
  readonly #port: number;
  readonly #token: string;
  readonly #log: Log;
  readonly #listeners = new Set<EventListener>();
  readonly #closed = new AbortController();
  #socket: OpenClawSocket | null = null;
  #hello: Hello | null = null;
  #connections = 0;
  #connected = Promise.withResolvers<Hello>();

  constructor(port: number, token: string, log: Log) {
    this.#port = port;
    this.#token = token;
    this.#log = log;
    this.#connected.promise.catch(() => undefined);
    void this.#keepConnected();
  }

  /** OpenClaw's answer to the present connection; null while there is none. */
  get hello(): Hello | null {
    return this.#hello;
  }

  /** Number of connections so far: events between two of them are lost. */
  get connections(): number {
    return this.#connections;
  }

  /** Resolves once it is connected. */
  async connected(signal: AbortSignal): Promise<Hello> {
    return await Promise.race([this.#connected.promise, rejection(signal)]);
  }

  /** Returns OpenClaw's answer, which may be a refusal. Throws `unreachable` without a connection. */
  async call({ limitMs = answerMs, signal, ...call }: ClientCall): Promise<OpenClawAnswer> {
    const socket = this.#socket;
    if (socket === null) {
      throw new HqError('unreachable', 'OpenClaw cannot be called: there is no connection to it.', {
        hint: 'It may be starting; look at the gateway’s log.',
      });
    }
    const limit = AbortSignal.timeout(limitMs);
    const signals = signal === undefined ? [limit] : [limit, signal];
    try {
      return await socket.call({ ...call, signal: AbortSignal.any(signals) });
    } catch (error) {
      if (!limit.aborted || signal?.aborted === true) throw error;
      const seconds = Math.round(limitMs / 1000);
      throw new HqError('timed_out', `OpenClaw did not answer ${call.method} within ${seconds} s.`);
    }
  }

  /** Returns the parsed payload. Throws `failed` for a refusal. */
  async request<Payload>(schema: z.ZodType<Payload>, call: ClientCall): Promise<Payload> {
    const answer = await this.call(call);
    if (answer.ok) return schema.parse(answer.payload);
    throw new HqError('failed', `OpenClaw refused ${call.method}: ${answer.message}`);
  }

  /** Calls the listener for each event. Returns a function that removes it. */
  onEvent(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    const reason = new HqError('cancelled', 'hq-gateway stops.');
    this.#closed.abort(reason);
    this.#connected.reject(reason);
    this.#socket?.close();
  }

  async #keepConnected(): Promise<void> {
    const { signal } = this.#closed;
    for (let failures = 1; !signal.aborted; failures += 1) {
      const socket = await this.#connect(failures);
      if (socket !== null) {
        failures = 0;
        const reason = await socket.closed;
        this.#socket = null;
        this.#hello = null;
        this.#connected = Promise.withResolvers();
        this.#connected.promise.catch(() => undefined);
        if (!signal.aborted) this.#log.warn({ reason }, 'the connection to OpenClaw ended');
      }
      await sleep(backoffMs(failures, backoff), signal);
    }
  }

  /** Returns the open connection, or null. */
  async #connect(failures: number): Promise<OpenClawSocket | null> {
    try {
      const socket = new OpenClawSocket(this.#port, (event, payload) => {
        for (const listener of this.#listeners) listener(event, payload);
      });
      this.#hello = await socket.open(this.#token);
      this.#socket = socket;
      this.#connections += 1;
      this.#connected.resolve(this.#hello);
      if (this.#closed.signal.aborted) socket.close();
      return socket;
    } catch (error) {
      // A start is not worth a line; a refusal is worth one.
      const isRefusal = error instanceof HqError && error.code === 'unauthenticated';
      this.#log[isRefusal && failures === 1 ? 'error' : 'debug']({ err: error }, 'OpenClaw is not connected');
      return null;
    }
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
