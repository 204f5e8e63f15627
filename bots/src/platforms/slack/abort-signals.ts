import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after this time, or at once when the signal comes. */
export async function waited(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Resolves when the signal comes; `over` lets go of it, so that a signal that lives long gathers no listeners. */
export async function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over }),
  );
}

/** What comes in time, else nothing. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const over = new AbortController();
  try {
    return await Promise.race([work, waited(ms, over.signal).then(() => undefined)]);
  } finally {
    over.abort();
  }
}

/** Comes with the one or the other. */
export function either(one: AbortSignal, other: AbortSignal | null | undefined): AbortSignal {
  return other === null || other === undefined ? one : AbortSignal.any([one, other]);
}
