import { HqError } from '@hq/shared/errors';
import { backoffMs, sleep, timedOut, withinLimit } from '@hq/shared/program';
import { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
import type { AdapterState } from '../../../contract/adapter.ts';
import { isRevoked, slackErrorCode, toProblem } from '../errors.ts';
import { libraryLog } from '../library-log.ts';
import { clientOptions } from '../outbound/web-client.ts';
import { envelopeProperties, type HandlerOptions, registerHandlers } from './bolt-handlers.ts';
import { type BotToken, newTokenHint } from './bot-token.ts';
import { type Frame, guardFrames } from './frame-guard.ts';
import type { Transport } from './transport.ts';

/** Slack drops commands while there is no socket, so the next one opens at once. */
const gapMs = 25;
const retry = { firstMs: 250, longestMs: 30_000 };
/** A connection that lasted this long, or delivered something, resets the count of failures. */
const provenAfterMs = 10_000;
const helloWithinMs = 10_000;
const closeWithinMs = 1000;
/** Slack announces the end of a connection; acknowledgements on their way get this time. */
const lingerMs = 100;
/** A refused token becomes valid again if someone switches the app on. */
const retryRefusedMs = 60_000;

interface SocketOptions extends HandlerOptions {
  readonly appToken: string;
  /** Also ends a connection attempt in progress. */
  readonly stopping: AbortController;
}

/**
 * Keeps one Socket Mode connection. The library's own loop waits five seconds between connections, ends the process
 * if the token is revoked meanwhile, and leaks a connection that is being made during a stop.
 */
export class SocketConnection implements Transport {
  readonly #client: SocketModeReceiver['client'];
  readonly #token: BotToken;
  readonly #stopping: AbortController;
  readonly #log: Logger;
  #state: AdapterState = 'starting';
  #error: string | null = null;
  #limitation: string | null = null;
  #running: Promise<void> | undefined;
  #failures = 0;
  #hasDelivered = false;
  /** Ends the current connection. */
  #end: () => void = () => undefined;

  constructor(options: SocketOptions) {
    this.#token = options.token;
    this.#stopping = options.stopping;
    this.#log = options.log;
    const receiver = createReceiver(options);
    registerHandlers(receiver, options);
    this.#client = receiver.client;
    guardFrames(this.#client, (frame) => this.#onFrame(frame), options.log);
  }

  get state(): AdapterState {
    return this.#state;
  }

  get detail(): string | null {
    return this.#state === 'connected' ? this.#limitation : this.#error;
  }

  async open(): Promise<HqError | undefined> {
    await new Promise<void>((resolve) => {
      this.#running = this.#run(resolve);
    });
    return this.#state === 'revoked' && this.#error !== null
      ? new HqError('unauthenticated', this.#error, { field: 'SLACK_APP_TOKEN', hint: newTokenHint })
      : undefined;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#end();
    await this.#running;
    if (this.#state !== 'revoked') this.#error = null;
  }

  async #run(onAttempted: () => void): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = Date.now();
      const ended = Promise.withResolvers<void>();
      this.#end = ended.resolve;
      this.#hasDelivered = false;
      this.#client.once('disconnected', ended.resolve);
      const retryMs = await this.#connect();
      onAttempted();
      if (retryMs === null) {
        if (!signal.aborted) await ended.promise;
        await this.#disconnect();
        const isProven = this.#hasDelivered || Date.now() - startedAt > provenAfterMs;
        this.#failures = isProven ? 0 : this.#failures + 1;
      }
      this.#client.off('disconnected', ended.resolve);
      if (signal.aborted) return;
      if (retryMs === null) this.#onLost(undefined);
      await sleep(retryMs ?? this.#gapMs(), signal);
    }
  }

  /** Returns null once connected, else the milliseconds until the next attempt. */
  async #connect(): Promise<number | null> {
    const { signal } = this.#stopping;
    try {
      const hello = this.#client.start().then(() => true);
      const late = sleep(helloWithinMs, signal).then(() => false);
      if (!(await Promise.race([hello, late]))) throw new Error('Slack did not say hello');
      this.#state = 'connected';
      this.#log.info('Connected to Slack');
      return null;
    } catch (error) {
      await this.#disconnect();
      if (signal.aborted) return 0;
      if (isRevoked(error)) {
        this.#state = 'revoked';
        this.#error = `Slack does not accept the app-level token (${slackErrorCode(error)}).`;
        this.#log.error(this.#error);
        return retryRefusedMs;
      }
      this.#failures += 1;
      this.#onLost(slackErrorCode(error));
      const problem = toProblem(error);
      return problem.kind === 'wait' ? Math.max(problem.afterMs, this.#gapMs()) : this.#gapMs();
    }
  }

  /** Says goodbye with a time limit. */
  async #disconnect(): Promise<void> {
    const closed = await withinLimit(closeWithinMs, this.#client.disconnect());
    // A second call during the first makes the library drop the connection.
    if (closed === timedOut) await this.#client.disconnect();
  }

  #gapMs(): number {
    return this.#failures <= 1 ? gapMs : backoffMs(this.#failures - 1, retry);
  }

  #onLost(code: string | undefined): void {
    this.#state = 'reconnecting';
    this.#error = 'The connection to Slack is lost; reconnecting.';
    this.#log.info({ code }, 'Not connected to Slack, reconnecting');
  }

  /** Returns whether the library is to read the frame. */
  #onFrame(frame: Frame): boolean {
    if (frame.type === 'hello') {
      this.#token.setApp(frame.connection_info?.app_id);
      const count = frame.num_connections ?? 1;
      const shared = `This app has ${count} connections, and Slack sends each delivery to only one of them.`;
      this.#limitation = count > 1 ? shared : null;
      if (count > 1) this.#log.warn(shared);
      return true;
    }
    if (frame.type === 'disconnect') {
      // The library would close at once and lose the acknowledgements.
      void sleep(lingerMs, this.#stopping.signal).then(this.#end);
      return false;
    }
    this.#hasDelivered = true;
    return true;
  }
}

function createReceiver({ appToken, apiUrl, listener, log, stopping }: SocketOptions): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken,
    autoReconnectEnabled: false,
    customPropertiesExtractor: envelopeProperties,
    logger: libraryLog(log),
    installerOptions: {
      clientOptions: {
        ...clientOptions(apiUrl, log),
        fetch: (url, init) => {
          const signals = [stopping.signal, ...(init?.signal ? [init.signal] : [])];
          return fetch(url, { ...init, signal: AbortSignal.any(signals) });
        },
      },
    },
    processEventErrorHandler: async ({ error }) => {
      listener.onError(error);
      return false;
    },
  });
}
