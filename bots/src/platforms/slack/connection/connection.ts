import { sleep, timedOut, withinLimit } from '@hq/shared/program';
import { SocketModeReceiver } from '@slack/bolt';
import type { ConnectionReport } from '../../connection-loop.ts';
import { withToken } from '../errors.ts';
import { libraryLog } from '../library-log.ts';
import { clientOptions } from '../outbound/web-client.ts';
import { envelopeProperties, type HandlerOptions, registerHandlers } from './bolt-handlers.ts';
import { type Frame, guardFrames } from './frame-guard.ts';

const helloWithinMs = 10_000;
const closeWithinMs = 1000;
/** Slack announces the end of a connection; acknowledgements on their way get this time. */
const lingerMs = 100;

interface SocketOptions extends HandlerOptions {
  readonly appToken: string;
  /** Learns the app that the connection belongs to. */
  readonly onApp: (appId: string | undefined) => void;
}

interface Attempt {
  readonly signal: AbortSignal;
  readonly report: ConnectionReport;
  readonly end: () => void;
}

/**
 * Opens Socket Mode connections, one at a time. The library's own loop waits five seconds between connections, ends the
 * process if the token is revoked meanwhile, and leaks a connection that is being made during a stop.
 */
export class SocketConnection {
  readonly #options: SocketOptions;
  readonly #client: SocketModeReceiver['client'];
  #attempt: Attempt | null = null;
  #limitation: string | null = null;

  constructor(options: SocketOptions) {
    this.#options = options;
    const receiver = this.#createReceiver();
    registerHandlers(receiver, options);
    this.#client = receiver.client;
    guardFrames(this.#client, (frame) => this.#onFrame(frame), options.log);
  }

  /** Connects and stays connected until Slack ends it or the signal aborts. */
  async attempt(signal: AbortSignal, report: ConnectionReport): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const end = ended.resolve;
    this.#attempt = { signal, report, end };
    this.#client.once('disconnected', end);
    signal.addEventListener('abort', () => end(), { once: true });
    try {
      const hello = withToken('app-level token', this.#client.start()).then(() => true);
      const late = sleep(helloWithinMs, signal).then(() => false);
      if (!(await Promise.race([hello, late]))) throw new Error('Slack did not say hello');
      report.connected(this.#limitation);
      await ended.promise;
    } finally {
      this.#client.off('disconnected', end);
      await this.#disconnect();
    }
  }

  /** Says goodbye with a time limit. */
  async #disconnect(): Promise<void> {
    const closed = await withinLimit(closeWithinMs, this.#client.disconnect());
    // A second call during the first makes the library drop the connection.
    if (closed === timedOut) await this.#client.disconnect();
  }

  /** Returns whether the library is to read the frame. */
  #onFrame(frame: Frame): boolean {
    if (frame.type === 'hello') {
      this.#options.onApp(frame.connection_info?.app_id);
      const count = frame.num_connections ?? 1;
      const shared = `This app has ${count} connections, and Slack sends each delivery to only one of them.`;
      this.#limitation = count > 1 ? shared : null;
      if (count > 1) this.#options.log.warn(shared);
      return true;
    }
    if (frame.type === 'disconnect') {
      // The library would close at once and lose the acknowledgements.
      void sleep(lingerMs, this.#attempt?.signal).then(this.#attempt?.end);
      return false;
    }
    this.#attempt?.report.proven();
    return true;
  }

  #createReceiver(): SocketModeReceiver {
    const { appToken, apiUrl, listener, log } = this.#options;
    return new SocketModeReceiver({
      appToken,
      autoReconnectEnabled: false,
      customPropertiesExtractor: envelopeProperties,
      logger: libraryLog(log),
      installerOptions: {
        clientOptions: {
          ...clientOptions(apiUrl, log),
          fetch: (url, init) => {
            // A stop also ends the request for a connection.
            const signals = [this.#attempt?.signal, init?.signal].filter((one) => one instanceof AbortSignal);
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
}
