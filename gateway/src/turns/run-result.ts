import type { OpenClawAnswer, TurnResult } from '@hq/shared/gateway';
import { z } from 'zod';

/** Last answer to the request `agent`. */
const finalAnswer = z.object({
  status: z.string(),
  summary: z.string().optional(),
  /** `rpc` for a run that was aborted by a call. */
  stopReason: z.string().optional(),
  error: z.string().optional(),
  result: z
    .object({
      payloads: z.array(z.object({ text: z.string().nullish() })).default([]),
      meta: z
        .object({
          aborted: z.boolean().optional(),
          error: z.object({ message: z.string().optional() }).optional(),
          agentMeta: z
            .object({
              usage: z
                .object({
                  input: z.number().default(0),
                  output: z.number().default(0),
                  cacheRead: z.number().default(0),
                  cacheWrite: z.number().default(0),
                  total: z.number().optional(),
                  cost: z.object({ total: z.number() }).optional(),
                })
                .optional(),
              costUsd: z.number().optional(),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

export interface RunEnd extends Pick<TurnResult, 'status' | 'usage'> {
  readonly text: string | null;
  readonly error: string | null;
}

/** Returns the end of a run as OpenClaw tells it. */
export function endOf(answer: OpenClawAnswer): RunEnd {
  if (!answer.ok) return { status: 'error', text: null, usage: null, error: answer.message };
  const { data: final } = finalAnswer.safeParse(answer.payload);
  if (final === undefined) {
    return { status: 'error', text: null, usage: null, error: 'OpenClaw’s answer cannot be read.' };
  }
  const { payloads = [], meta } = final.result ?? {};
  const text = payloads
    .map(({ text }) => text ?? '')
    .filter((text) => text !== '')
    .join('\n\n');
  const isAborted = meta?.aborted === true || final.stopReason === 'rpc';
  const status = final.status === 'ok' && !isAborted ? 'ok' : isAborted ? 'aborted' : statusOf(final.status);
  return {
    status,
    text: text === '' ? null : text,
    usage: usageOf(meta?.agentMeta),
    error: status === 'ok' ? null : (final.error ?? meta?.error?.message ?? final.summary ?? null),
  };
}

function statusOf(status: string): 'error' | 'timeout' {
  return status === 'timeout' ? 'timeout' : 'error';
}

type AgentMeta = NonNullable<NonNullable<z.output<typeof finalAnswer>['result']>['meta']>['agentMeta'];

function usageOf(meta: AgentMeta): TurnResult['usage'] {
  const usage = meta?.usage;
  if (usage === undefined) return null;
  const { input, output, cacheRead, cacheWrite, total, cost } = usage;
  return {
    input: input + cacheRead + cacheWrite,
    output,
    total: total ?? input + cacheRead + cacheWrite + output,
    costUsd: meta?.costUsd ?? cost?.total ?? null,
  };
}
