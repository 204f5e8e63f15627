/** A promise that rejects with the reason of the signal. Dispose of it when the race is over. */
export interface UntilAborted extends Disposable {
  readonly rejected: Promise<never>;
}

export function untilAborted(signal: AbortSignal): UntilAborted {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { rejected: promise, [Symbol.dispose]: () => signal.removeEventListener('abort', onAbort) };
}
