import { HqError } from '@hq/shared/errors';
import { sleep } from '@hq/shared/program';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';

const lookEveryMs = 250;
const answerMs = 5_000;
const sessionList = z.object({
  sessions: z.array(z.object({ key: z.string(), hasActiveRun: z.boolean().optional() })),
});

/** Returns the sessions in which a turn runs, whoever started it. */
async function busySessions(client: OpenClawClient): Promise<readonly string[]> {
  const { sessions } = await client.request(sessionList, {
    method: 'sessions.list',
    params: { sortBy: 'activity', limit: 200 },
    limitMs: answerMs,
  });
  return sessions.filter(({ hasActiveRun }) => hasActiveRun === true).map(({ key }) => key);
}

/**
 * Waits until no turn runs, at most this long or until the signal, then aborts those that still run. Returns the
 * sessions whose turn was aborted.
 */
export async function endTurns(
  client: OpenClawClient,
  graceMs: number,
  hurry: AbortSignal,
): Promise<readonly string[]> {
  const until = performance.now() + graceMs;
  let busy = await busySessions(client);
  while (busy.length > 0 && performance.now() < until && !hurry.aborted) {
    await sleep(lookEveryMs, hurry);
    busy = await busySessions(client);
  }
  await Promise.all(
    busy.map((key) =>
      client.call({ method: 'sessions.abort', params: { key, clearQueued: true }, limitMs: answerMs }),
    ),
  );
  return busy;
}

/** Error of a turn that is asked of a gateway that stops. */
export function gatewayStops(): HqError {
  return new HqError('unreachable', 'The gateway stops and takes no turn.', {
    hint: 'Try again when it is healthy.',
  });
}
