import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** By then everything is loaded and connected. */
const afterMs = 3_000;

/**
 * Loading a library leaves as much garbage as it leaves library, and bots that nobody speaks to never fill their heaps, so
 * nothing would ever clear it away. Code that only a start needs is forgotten with it.
 */
export function collectAfterStart(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return;
  const wholly = { type: 'major', execution: 'sync', flavor: 'last-resort' };
  setTimeout(() => collect(wholly), afterMs).unref();
}
