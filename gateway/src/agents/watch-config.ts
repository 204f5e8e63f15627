import type { Log } from '@hq/shared/log';
import { DueLoop } from '@hq/shared/program';
import type { EventListener } from '../openclaw/client.ts';
import { repairAgents } from './apply-agents.ts';
import type { AgentsContext } from './context.ts';

/** Milliseconds that gather a burst of changes, and the least distance of two repairs. */
const gatherMs = 500;
const apartMs = 5_000;

/** Compares OpenClaw's configuration with HQ's whenever OpenClaw says that it changed. Returns a function that ends it. */
export function watchConfig(
  context: AgentsContext,
  openclaw: { onEvent(listener: EventListener): () => void },
  log: Pick<Log, 'warn'>,
): () => Promise<void> {
  const loop = new DueLoop(async () => {
    try {
      const agents = await repairAgents(context);
      if (agents.length > 0)
        log.warn({ agents }, 'put back agents that OpenClaw’s configuration had otherwise');
    } catch (error) {
      // The runner compares every few minutes, and reports what cannot be repaired.
      log.warn({ err: error }, 'OpenClaw’s configuration was changed and could not be compared');
    }
    return Number.POSITIVE_INFINITY;
  }, apartMs);
  const stopListening = openclaw.onEvent((event) => {
    if (event === 'config.changed') loop.dueIn(gatherMs);
  });
  return async () => {
    stopListening();
    await loop.close();
  };
}
