import { z } from 'zod';

/** One request to OpenClaw, with OpenClaw's name of the method. */
export const openClawCall = z.object({
  method: z.string().min(1),
  params: z.record(z.string(), z.unknown()).default({}),
});

export const openClawAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), payload: z.unknown() }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);
export type OpenClawAnswer = z.output<typeof openClawAnswer>;

/** Body of `POST /calls`. The calls are made one after the other. */
export const callsRequest = z.object({ calls: z.array(openClawCall).max(100) });

/** Answer of `POST /calls`, in the order of the calls. */
export const callsAnswer = z.object({ answers: z.array(openClawAnswer) });
