import { HqError } from '@hq/shared/errors';
import { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
import { anySignal } from '../abort-signals.ts';
import { libraryLog } from '../library-log.ts';
import { clientOptions } from '../outbound/web-client.ts';
import { envelopeProperties, type HandlerOptions, registerHandlers } from './bolt-handlers.ts';
import { newTokenHint } from './bot-token.ts';
import { SocketConnection, type SocketState } from './connection.ts';
import type { Transport } from './transport.ts';

interface SocketIngressOptions extends HandlerOptions {
  readonly appToken: string;
  /** A connection that is being made ends with it. */
  readonly stopping: AbortController;
}

/** A WebSocket that we open: no port of ours has to be reached. */
export class SocketTransport implements Transport {
  state: Transport['state'] = 'opening';
  trouble: string | null = null;
  limitation: string | null = null;
  readonly #socket: SocketConnection;
  readonly #log: Logger;

  constructor(options: SocketIngressOptions) {
    const { appToken, apiUrl, token, listener, log, stopping } = options;
    this.#log = log;
    const bolt = new SocketModeReceiver({
      appToken,
      autoReconnectEnabled: false,
      customPropertiesExtractor: envelopeProperties,
      logger: libraryLog(log),
      installerOptions: {
        clientOptions: {
          ...clientOptions(apiUrl, log),
          fetch: (url, init) => fetch(url, { ...init, signal: anySignal(stopping.signal, init?.signal) }),
        },
      },
      processEventErrorHandler: async ({ error }) => {
        listener.failed(error);
        return false;
      },
    });
    registerHandlers(bolt, options);
    this.#socket = new SocketConnection(
      bolt.client,
      stopping,
      {
        state: (state, said) => this.#came(state, said),
        hello: (appId, connections) => {
          token.belongsTo(appId);
          this.#counted(connections);
        },
      },
      log,
    );
  }

  async open(): Promise<HqError | undefined> {
    await this.#socket.start();
    return this.state === 'refused' && this.trouble !== null
      ? new HqError('unauthenticated', this.trouble, { field: 'SLACK_APP_TOKEN', hint: newTokenHint })
      : undefined;
  }

  close(): Promise<void> {
    return this.#socket.stop();
  }

  #came(state: SocketState, said: string | undefined): void {
    this.state = state === 'connected' ? 'up' : state === 'refused' ? 'refused' : 'down';
    this.trouble =
      state === 'refused'
        ? `Slack does not accept the app-level token (${said}).`
        : 'The connection to Slack is lost and being made again.';
    this.#log.info({ state, said }, 'Slack');
  }

  #counted(connections: number): void {
    const shared = `Slack counts ${connections} connections of this app, and gives each delivery to only one of them.`;
    if (connections > 1) this.#log.warn(shared);
    this.limitation = connections > 1 ? shared : null;
  }
}
