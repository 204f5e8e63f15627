import { z } from 'zod';
import { type OpenClaw, request } from './openclaw-calls.ts';

const preflight = z.object({ safe: z.boolean(), summary: z.string() });
const sessions = z.object({
  sessions: z.array(z.object({ key: z.string(), hasActiveRun: z.boolean().optional() })),
});

/** Returns the keys of an agent's sessions that have a turn; of all agents without an id. */
async function runningSessions(openclaw: OpenClaw, agentId?: string): Promise<readonly string[]> {
  const params = agentId === undefined ? {} : { agentId };
  const found = await request(openclaw, sessions, { method: 'sessions.list', params });
  return found.sessions.filter(({ hasActiveRun }) => hasActiveRun === true).map(({ key }) => key);
}

/** Aborts the turns of an agent, those that wait too. Returns how many ran. */
export async function abortTurns(openclaw: OpenClaw, agentId: string): Promise<number> {
  const keys = await runningSessions(openclaw, agentId);
  for (const key of keys) {
    // A turn that has ended by itself is refused, which is as good.
    await openclaw.call({ method: 'sessions.abort', params: { key, clearQueued: true } });
  }
  return keys.length;
}

/** Returns what the gateway is busy with, as a part of a sentence; null while it is idle. */
export async function busyWith(openclaw: OpenClaw): Promise<string | null> {
  const { safe, summary } = await request(openclaw, preflight, {
    method: 'gateway.restart.preflight',
    params: {},
  });
  if (safe) return null;
  const keys = await runningSessions(openclaw);
  const agents = [...new Set(keys.map((key) => key.split(':')[1] ?? key))];
  return agents.length === 0 ? summary.replace(/^restart deferred: /, '') : `a turn of ${agents.join(', ')}`;
}
