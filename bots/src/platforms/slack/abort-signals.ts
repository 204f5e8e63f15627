import { setTimeout as delay } from 'node:timers/promises';

/** Resolves after this time, or at once when the signal comes. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** Resolves when the signal comes; `over` lets go of it, so that a signal that lives long gathers no listeners. */
export async function untilAborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over }),
  );
}

/** What comes in time, else nothing. */
export async function settledWithin<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([work, sleep(ms, over.signal).then(() => undefined)]);
  } finally {
    over.abort();
  }
}

/** Comes with the one or the other. */
export function anySignal(one: AbortSignal, other: AbortSignal | null | undefined): AbortSignal {
  return other === null || other === undefined ? one : AbortSignal.any([one, other]);
}
