import { setTimeout as delay } from 'node:timers/promises';

export interface Backoff {
  /** Milliseconds after the first failure. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** `equal` spreads over the upper half of the pause, `full` over all of it. */
  readonly jitter?: 'none' | 'equal' | 'full';
}

const share = { none: 0, equal: 0.5, full: 1 };

/** Milliseconds to wait after this many failures in a row (1 for the first): doubled each time, up to the longest. */
export function backoffMs(
  failures: number,
  { firstMs, longestMs, jitter = 'equal' }: Backoff,
  random: number = Math.random(),
): number {
  const grown = Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1));
  return grown * (1 - share[jitter] * random);
}

/** Resolves after this time, or at once when the signal aborts; never rejects. */
export async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  // The only rejection is the abort, and its caller looks at the signal.
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
