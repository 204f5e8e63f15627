import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves after this time, or at once when the signal comes. */
export async function waited(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
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
