import { HqError } from '@hq/shared/errors';
import { HTTPReceiver } from '@slack/bolt';
import { libraryLog } from '../library-log.ts';
import { type HandlerOptions, registerHandlers } from './bolt-handlers.ts';
import type { Transport } from './transport.ts';

interface HttpIngressOptions extends HandlerOptions {
  readonly signingSecret: string;
  readonly host: string;
  readonly port: number;
}

/** Signed requests to a port of ours. */
export class HttpEndpoint implements Transport {
  readonly limitation = null;
  state: Transport['state'] = 'opening';
  trouble: string | null = null;
  readonly #bolt: HTTPReceiver;
  readonly #address: { readonly host: string; readonly port: number };

  constructor(options: HttpIngressOptions) {
    const { signingSecret, host, port, listener, log } = options;
    this.#address = { host, port };
    this.#bolt = new HTTPReceiver({
      signingSecret,
      logger: libraryLog(log),
      processEventErrorHandler: async ({ error }) => {
        listener.failed(error);
        return false;
      },
    });
    registerHandlers(this.#bolt, options);
  }

  async open(): Promise<HqError | undefined> {
    const { host, port } = this.#address;
    try {
      await this.#bolt.start({ host, port });
    } catch (error) {
      this.state = 'down';
      this.trouble = `Nothing can listen on ${host}:${port}.`;
      return new HqError('failed', this.trouble, {
        field: 'SLACK_LISTEN',
        hint: 'Another program may have that port: set SLACK_LISTEN to a free one.',
        cause: error,
      });
    }
    this.state = 'up';
    return undefined;
  }

  async close(): Promise<void> {
    if (this.state === 'up') await this.#bolt.stop();
  }
}
