import type { SocketModeReceiver } from '@slack/bolt';
import type { Logger } from 'pino';
import { z } from 'zod';

const frameSchema = z.looseObject({
  type: z.string(),
  num_connections: z.number().optional(),
  connection_info: z.object({ app_id: z.string().optional() }).optional(),
  payload: z.looseObject({ event: z.looseObject({ type: z.string() }).optional() }).optional(),
});

export type Frame = z.output<typeof frameSchema>;

/**
 * Validates each frame before the library reads it: the library reads frames in a promise without a handler, so an
 * invalid one would end the process. The library gets the frames for which `onFrame` returns true.
 */
export function guardFrames(
  client: SocketModeReceiver['client'],
  onFrame: (frame: Frame) => boolean,
  log: Logger,
): void {
  const [read] = client.listeners('ws_message');
  client.removeAllListeners('ws_message');
  client.on('ws_message', (data: unknown, isBinary: boolean) => {
    const frame = parseFrame(data);
    if (frame === undefined) {
      log.warn('Slack sent an invalid frame');
      return;
    }
    if (!onFrame(frame)) return;
    Promise.resolve(read?.(data, isBinary)).catch((error: unknown) =>
      log.warn({ reason: String(error) }, 'A delivery of Slack could not be read'),
    );
  });
}

function parseFrame(data: unknown): Frame | undefined {
  try {
    const { data: frame } = frameSchema.safeParse(JSON.parse(String(data)));
    return frame?.type === 'events_api' && frame.payload?.event === undefined ? undefined : frame;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
