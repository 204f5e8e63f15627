/** Resolves when the signal aborts. `over` removes the listener, so that a long-lived signal gathers none. */
export async function untilAborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over }),
  );
}

/** Aborts with either signal. */
export function anySignal(one: AbortSignal, other: AbortSignal | null | undefined): AbortSignal {
  return other === null || other === undefined ? one : AbortSignal.any([one, other]);
}
