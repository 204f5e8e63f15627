import { HTTPReceiver } from '@slack/bolt';
import { type ConnectionReport, untilAborted } from '../../connection-loop.ts';
import type { ListenAddress } from '../../environment.ts';
import { cannotListen } from '../../http-server.ts';
import { libraryLog } from '../library-log.ts';
import { type HandlerOptions, registerHandlers } from './bolt-handlers.ts';

interface HttpEndpointOptions extends HandlerOptions, ListenAddress {
  readonly signingSecret: string;
}

/** Takes deliveries as requests that Slack signs, until the signal aborts. */
export async function serveRequests(
  { signingSecret, host, port, field, ...options }: HttpEndpointOptions,
  signal: AbortSignal,
  report: ConnectionReport,
): Promise<void> {
  const receiver = new HTTPReceiver({
    signingSecret,
    logger: libraryLog(options.log),
    processEventErrorHandler: async ({ error }) => {
      options.listener.onError(error);
      return false;
    },
  });
  registerHandlers(receiver, options);
  try {
    await receiver.start({ host, port });
  } catch (cause) {
    throw cannotListen({ host, port, field }, cause);
  }
  report.connected();
  await untilAborted(signal);
  await receiver.stop();
}
