import { HqError } from '@hq/shared/errors';

/** A request to stop, by signal or by the end of the parent process. */
export interface StopRequest {
  /** Aborts at the first request. */
  readonly requested: AbortSignal;
  /** Aborts when running turns may take no more time: at SIGINT, or at the second signal. */
  readonly hurried: AbortSignal;
}

export function listenForStop(
  parent: 'ipc' | 'stdin' | undefined,
  onStop: (why: string) => void,
): StopRequest {
  const requested = new AbortController();
  const hurried = new AbortController();
  const stop = (why: string, isHurried: boolean): void => {
    if (isHurried || requested.signal.aborted) hurried.abort();
    if (!requested.signal.aborted) onStop(why);
    requested.abort(new HqError('cancelled', 'hq-gateway was stopped before it was ready.'));
  };
  process.on('SIGTERM', () => stop('SIGTERM', false));
  process.on('SIGINT', () => stop('SIGINT', true));
  process.on('SIGHUP', () => stop('SIGHUP', true));
  const onParentEnd = () => stop('the parent process ended', true);
  if (parent === 'ipc') {
    process.on('disconnect', onParentEnd);
    // The parent may have ended before this listener was added.
    if (!process.connected) onParentEnd();
  }
  if (parent === 'stdin') process.stdin.on('close', onParentEnd).resume();
  return { requested: requested.signal, hurried: hurried.signal };
}
