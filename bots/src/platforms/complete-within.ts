import { timedOut, withinLimit } from '@hq/shared/program';
import type { Logger } from 'pino';
import type { Choice } from '../contract/choice.ts';

/** Returns no choices if the core is late or fails. */
export async function completeWithin(
  limitMs: number,
  completion: Promise<readonly Choice[]>,
  log: Logger,
): Promise<readonly Choice[]> {
  try {
    const choices = await withinLimit(limitMs, completion);
    return choices === timedOut ? [] : choices;
  } catch (error) {
    log.warn({ problem: error instanceof Error ? error.name : 'unknown' }, 'A completion failed');
    return [];
  }
}
