import type { TurnResult } from '@hq/shared/gateway';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';

const answerMs = 15_000;

const description = z.object({
  session: z
    .object({
      /** Unset where no run of the session ever began. */
      status: z.string().optional(),
      /** True for a run that a crash cut off and OpenClaw has not resumed. */
      abortedLastRun: z.boolean().optional(),
      lastRunId: z.string().optional(),
      lastRunError: z.unknown().optional(),
      runtimeMs: z.number().optional(),
    })
    .nullish(),
});

/** What OpenClaw keeps about the last run of a session, over its restarts. */
export type SessionState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running' }
  /** A crash cut the run off; OpenClaw resumes it by itself a few seconds after its start. */
  | { readonly kind: 'resumes' }
  | {
      readonly kind: 'ended';
      readonly status: TurnResult['status'];
      readonly runId: string | null;
      readonly error: string | null;
      readonly tookMs: number;
    };

export async function readSession(client: OpenClawClient, key: string): Promise<SessionState> {
  const call = { method: 'sessions.describe', params: { key }, limitMs: answerMs };
  const { session } = await client.request(description, call);
  const { status, abortedLastRun = false, lastRunId, lastRunError, runtimeMs = 0 } = session ?? {};
  if (status === undefined) return { kind: 'none' };
  if (status === 'running') return { kind: abortedLastRun ? 'resumes' : 'running' };
  return {
    kind: 'ended',
    status: statuses[status] ?? 'error',
    runId: lastRunId ?? null,
    error: sentenceOf(lastRunError),
    tookMs: runtimeMs,
  };
}

const statuses: Readonly<Record<string, TurnResult['status']>> = {
  done: 'ok',
  killed: 'aborted',
  timeout: 'timeout',
};

function sentenceOf(error: unknown): string | null {
  if (typeof error === 'string') return error;
  return z.object({ message: z.string() }).safeParse(error).data?.message ?? null;
}

const history = z.object({
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.unknown(),
      usage: z
        .object({
          input: z.number().default(0),
          output: z.number().default(0),
          cacheRead: z.number().default(0),
          cacheWrite: z.number().default(0),
          cost: z.object({ total: z.number() }).partial().optional(),
        })
        .optional(),
    }),
  ),
});
const contentParts = z.array(
  z.object({ type: z.string(), text: z.string().optional(), name: z.string().optional() }),
);
type Message = z.output<typeof history>['messages'][number];

/** Text, tools and usage of all runs of a session. */
export type SessionContent = Pick<TurnResult, 'text' | 'usage'> & { readonly tools: string[] };

export async function readContent(client: OpenClawClient, sessionKey: string): Promise<SessionContent> {
  const call = { method: 'chat.history', params: { sessionKey }, limitMs: answerMs };
  const { messages } = await client.request(history, call);
  const answers = messages.filter(({ role }) => role === 'assistant');
  const text = answers.map(textOf).findLast((text) => text !== '') ?? '';
  return { text, tools: answers.flatMap(toolsOf), usage: usageOf(answers) };
}

function textOf({ content }: Message): string {
  if (typeof content === 'string') return content;
  return partsOf(content)
    .flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : []))
    .join('');
}

function toolsOf({ content }: Message): string[] {
  return partsOf(content).flatMap(({ type, name }) => (isCall(type) && name !== undefined ? [name] : []));
}

const partsOf = (content: unknown) => contentParts.safeParse(content).data ?? [];
const isCall = (type: string): boolean => /^tool_?(?:call|use)$/i.test(type);

function usageOf(answers: readonly Message[]): TurnResult['usage'] {
  const used = answers.flatMap(({ usage }) => usage ?? []);
  if (used.length === 0) return null;
  const sum = (of: (usage: NonNullable<Message['usage']>) => number) =>
    used.reduce((total, usage) => total + of(usage), 0);
  const input = sum((usage) => usage.input + usage.cacheRead + usage.cacheWrite);
  const output = sum((usage) => usage.output);
  const hasCost = used.some(({ cost }) => cost?.total !== undefined);
  return {
    input,
    output,
    total: input + output,
    costUsd: hasCost ? sum(({ cost }) => cost?.total ?? 0) : null,
  };
}
