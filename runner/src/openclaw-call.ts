import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import { z } from 'zod';

/** One request to OpenClaw, with OpenClaw's name of the method. */
export interface OpenClawCall {
  readonly method: string;
  readonly params?: object;
}

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
