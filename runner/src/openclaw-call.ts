import { HqError } from '@hq/shared/errors';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

/** One request to OpenClaw's gateway, with OpenClaw's name of the method. */
export interface OpenClawCall {
  readonly method: string;
  readonly params?: object;
}

const answer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), payload: z.unknown() }),
  z.object({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);
export type OpenClawAnswer = z.output<typeof answer>;

const output = z.union([z.object({ answers: z.array(answer) }), z.object({ away: z.string() })]);

/** Answer of `agents.list`. */
export const agentList = z.object({
  agents: z.array(z.object({ id: z.string(), workspace: z.string().optional() })),
});
export type OpenClawAgent = z.output<typeof agentList>['agents'][number];

/** Returns the slug of HQ's agent: the last part of the branch whose worktree the workspace is. */
export function slugOfWorkspace(workspace: string | undefined): string | null {
  return /\/workspace-(?:[a-z0-9-]+\/)?([a-z0-9-]+)\/?$/.exec(workspace ?? '')?.[1] ?? null;
}

/** Returns what OpenClaw answered. Throws `failed` for a refusal. */
export function payloadOf(answer: OpenClawAnswer | undefined): unknown {
  if (answer?.ok === true) return answer.payload;
  throw new HqError('failed', `OpenClaw refused a call: ${answer?.message ?? 'no answer'}.`);
}

/** Returns the standard input of `gateway/call-openclaw.ts`. */
export function callInput(calls: readonly OpenClawCall[]): string {
  return `${JSON.stringify({ calls })}\n`;
}

/** Parses the output of that program. Throws `unreachable` when OpenClaw did not answer. */
export function readAnswers(text: string, count: number): readonly OpenClawAnswer[] {
  const parsed = output.safeParse(parseJson(text));
  if (parsed.success && 'answers' in parsed.data && parsed.data.answers.length === count) {
    return parsed.data.answers;
  }
  const reason = parsed.success && 'away' in parsed.data ? parsed.data.away : 'its answer cannot be read';
  throw new HqError('unreachable', `OpenClaw cannot be called: ${reason}.`, {
    hint: 'It may be starting; look at the gateway’s log.',
  });
}
