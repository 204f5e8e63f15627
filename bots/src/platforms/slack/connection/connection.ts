import type { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
import { z } from 'zod';
import { settledWithin, sleep, untilAborted } from '../abort-signals.ts';
import { isDeadToken, problemOf, slackError } from '../errors.ts';

type Client = SocketModeReceiver['client'];

/** Commands that come while there is no socket are lost, so the next one is opened at once. */
const gapMs = 25;
const longestGapMs = 30_000;
/** A connection that lived this long, or brought something, owes nothing to the ones that failed before it. */
const provenMs = 10_000;
const helloWithinMs = 10_000;
const closeWithinMs = 1000;
/** How long a connection is used that Slack wants back. */
const partingMs = 100;
/** Nothing but another token helps, save that somebody switches the app on again. */
const probeMs = 60_000;

const frame = z.looseObject({
  type: z.string(),
  num_connections: z.number().optional(),
  connection_info: z.object({ app_id: z.string().optional() }).optional(),
  payload: z.looseObject({ event: z.looseObject({ type: z.string() }).optional() }).optional(),
});

export type SocketState = 'connected' | 'reconnecting' | 'refused';

export interface SocketEvents {
  /** What `apps.connections.open` or the connection itself came to. `said` is Slack's word for it. */
  state(state: SocketState, said?: string): void;
  /** What Slack says of the connection: the app's id, and how many connections the app has, ours among them. */
  hello(appId: string | undefined, connections: number): void;
}

/**
 * Keeps one Socket Mode connection. The library's own way waits five seconds between two connections, ends the program
 * when the token was revoked meanwhile, and leaves a connection open that was being made while it was stopped.
 */
export class SocketConnection {
  readonly #client: Client;
  readonly #events: SocketEvents;
  readonly #log: Logger;
  readonly #stopping: AbortController;
  #running: Promise<void> | undefined;
  #failures = 0;
  #hasBrought = false;
  /** Resolves when Slack wants the connection back. */
  #recycled = Promise.withResolvers<void>();

  /** The client's own requests are to end with `stopping`: a connection that is being made must not outlive us. */
  constructor(client: Client, stopping: AbortController, events: SocketEvents, log: Logger) {
    this.#client = client;
    this.#stopping = stopping;
    this.#events = events;
    this.#log = log;
    this.#guard();
  }

  /** Resolves after the first attempt, however it went: `SocketEvents.state` has told by then. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#running = this.#run(resolve);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(attempted: () => void): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const begin = Date.now();
      this.#recycled = Promise.withResolvers<void>();
      this.#hasBrought = false;
      const ended = Promise.withResolvers<void>();
      this.#client.once('disconnected', ended.resolve);
      const wait = await this.#connect();
      attempted();
      if (wait === 'connected') {
        await this.#live(ended.promise);
        const isProven = this.#hasBrought || Date.now() - begin > provenMs;
        this.#failures = isProven ? 0 : this.#failures + 1;
      }
      this.#client.off('disconnected', ended.resolve);
      if (this.#stopping.signal.aborted) return;
      if (wait === 'connected') this.#events.state('reconnecting');
      await this.#pause(wait === 'connected' ? this.#gap() : wait);
    }
  }

  /** `connected`, or how long to wait before the next attempt. */
  async #connect(): Promise<'connected' | number> {
    const over = new AbortController();
    try {
      const given = sleep(helloWithinMs, over.signal).then(() => false);
      const stopped = untilAborted(this.#stopping.signal, over.signal).then(() => false);
      const hasGreeted = this.#client.start().then(() => true);
      if (!(await Promise.race([hasGreeted, given, stopped]))) throw new Error('Slack did not say hello');
      return 'connected';
    } catch (error) {
      await this.#close();
      if (this.#stopping.signal.aborted) return 0;
      if (isDeadToken(error)) {
        this.#events.state('refused', slackError(error));
        return probeMs;
      }
      this.#failures += 1;
      this.#events.state('reconnecting', slackError(error));
      const problem = problemOf(error);
      return problem.kind === 'wait' ? Math.max(problem.afterMs, this.#gap()) : this.#gap();
    } finally {
      over.abort();
    }
  }

  /** Until the connection is gone, or is to be. */
  async #live(ended: Promise<void>): Promise<void> {
    this.#events.state('connected');
    const over = new AbortController();
    await Promise.race([ended, this.#recycled.promise, untilAborted(this.#stopping.signal, over.signal)]);
    over.abort();
    await this.#close();
  }

  /** Says goodbye, and does not wait longer for the answer than it is worth. */
  async #close(): Promise<void> {
    const closed = this.#client.disconnect().then(() => true);
    // Closing once more while it closes makes the library let go of it.
    if ((await settledWithin(closeWithinMs, closed)) === undefined) await this.#client.disconnect();
  }

  #gap(): number {
    if (this.#failures <= 1) return gapMs;
    const grown = Math.min(250 * 2 ** (this.#failures - 2), longestGapMs);
    return grown * (0.75 + Math.random() / 2);
  }

  #pause(ms: number): Promise<void> {
    return sleep(ms, this.#stopping.signal);
  }

  /**
   * Stands between the socket and the library: a frame that the library would stumble over ends a program that does
   * not look, because the library reads it in a promise that nobody holds.
   */
  #guard(): void {
    const [read] = this.#client.listeners('ws_message');
    this.#client.removeAllListeners('ws_message');
    this.#client.on('ws_message', (data: unknown, isBinary: boolean) => {
      const known = this.#understood(data);
      if (known === undefined) {
        this.#log.warn('Slack sent a frame that is none');
        return;
      }
      if (known.type === 'hello') {
        this.#events.hello(known.connection_info?.app_id, known.num_connections ?? 1);
      }
      if (known.type === 'disconnect') {
        // The library would close at once, in the face of acknowledgements that are on their way.
        void sleep(partingMs, this.#stopping.signal).then(this.#recycled.resolve);
        return;
      }
      this.#hasBrought ||= known.type !== 'hello';
      Promise.resolve(read?.(data, isBinary)).catch((error: unknown) =>
        this.#log.warn({ reason: String(error) }, 'a delivery of Slack could not be read'),
      );
    });
  }

  #understood(data: unknown): z.infer<typeof frame> | undefined {
    try {
      const parsed = frame.safeParse(JSON.parse(String(data)));
      if (!parsed.success) return undefined;
      const isEvent = parsed.data.type === 'events_api';
      return isEvent && parsed.data.payload?.event === undefined ? undefined : parsed.data;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}
