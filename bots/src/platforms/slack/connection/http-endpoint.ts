import { HqError } from '@hq/shared/errors';
import { HTTPReceiver } from '@slack/bolt';
import type { AdapterState } from '../../../contract/adapter.ts';
import { libraryLog } from '../library-log.ts';
import { type HandlerOptions, registerHandlers } from './bolt-handlers.ts';
import type { Transport } from './transport.ts';

interface HttpEndpointOptions extends HandlerOptions {
  readonly signingSecret: string;
  readonly host: string;
  readonly port: number;
}

/** Takes deliveries as requests that Slack signs. */
export class HttpEndpoint implements Transport {
  state: AdapterState = 'starting';
  detail: string | null = null;
  readonly #receiver: HTTPReceiver;
  readonly #host: string;
  readonly #port: number;

  constructor(options: HttpEndpointOptions) {
    const { signingSecret, listener, log } = options;
    this.#host = options.host;
    this.#port = options.port;
    this.#receiver = new HTTPReceiver({
      signingSecret,
      logger: libraryLog(log),
      processEventErrorHandler: async ({ error }) => {
        listener.onError(error);
        return false;
      },
    });
    registerHandlers(this.#receiver, options);
  }

  async open(): Promise<HqError | undefined> {
    try {
      await this.#receiver.start({ host: this.#host, port: this.#port });
    } catch (cause) {
      this.state = 'reconnecting';
      this.detail = `HQ cannot listen on ${this.#host}:${this.#port}.`;
      return new HqError('failed', this.detail, {
        field: 'SLACK_LISTEN',
        hint: 'Another program may use the port: set SLACK_LISTEN to a free one.',
        cause,
      });
    }
    this.state = 'connected';
    return undefined;
  }

  async close(): Promise<void> {
    if (this.state === 'connected') await this.#receiver.stop();
  }
}
