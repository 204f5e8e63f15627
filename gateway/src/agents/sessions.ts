import type { SessionReset } from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { AgentsContext } from './context.ts';
import { findOwn } from './find-own.ts';
import { request } from './openclaw-calls.ts';

/** Aborts the turn of one session of an agent and begins it anew, without its messages. The default is the one of HQ's turns. */
export async function resetSession(
  context: AgentsContext,
  slug: string,
  sessionKey: string | undefined,
): Promise<SessionReset> {
  const id = await findOwn(context, slug);
  const key = sessionKey ?? `agent:${id}:hq`;
  if (!key.startsWith(`agent:${id}:`)) {
    throw new HqError('usage', `The session ${key} is not one of ${slug}.`, {
      hint: `Its sessions begin with agent:${id}:.`,
      field: 'sessionKey',
    });
  }
  const openclaw = context.openclaw();
  await openclaw.call({ method: 'sessions.abort', params: { key, clearQueued: true } });
  await request(openclaw, z.unknown(), { method: 'sessions.reset', params: { key } });
  return { sessionKey: key };
}
