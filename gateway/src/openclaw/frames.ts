import { z } from 'zod';

/** Frames that OpenClaw sends on its WebSocket (protocol 4). */
export const frame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('event'), event: z.string(), payload: z.unknown().optional() }),
  z.object({
    type: z.literal('res'),
    id: z.string(),
    ok: z.boolean(),
    payload: z.unknown().optional(),
    error: z
      .object({ code: z.string(), message: z.string(), retryAfterMs: z.number().optional() })
      .optional(),
  }),
]);
export type Frame = z.output<typeof frame>;
export type ResponseFrame = Extract<Frame, { type: 'res' }>;

/** Answer to `connect`. */
export const hello = z.object({
  server: z.object({ version: z.string() }),
  features: z.object({ methods: z.array(z.string()) }),
  auth: z.object({ scopes: z.array(z.string()) }),
});
export type Hello = z.output<typeof hello>;

/** First answer to a request whose result follows under the same id. */
export const accepted = z.object({ status: z.literal('accepted') });

/** Payload of the event `agent`. */
export const agentEvent = z.object({
  runId: z.string(),
  sessionKey: z.string().optional(),
  stream: z.string(),
  data: z.record(z.string(), z.unknown()),
});
