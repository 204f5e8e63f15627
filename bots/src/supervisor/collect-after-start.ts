import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** By then everything is loaded and connected. */
const afterMs = 5_000;
/** Code that was not run from one collection to the next is forgotten, and compiled again when it is needed. */
const times = 3;

/**
 * Loading a library leaves as much garbage as it leaves library, and bots that nobody speaks to never fill their heaps, so
 * nothing would ever clear it away.
 */
export function collectAfterStart(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return;
  const wholly = { type: 'major', execution: 'sync', flavor: 'last-resort' };
  for (let time = 0; time < times; time += 1) {
    setTimeout(() => collect(wholly), afterMs + time * 1_000).unref();
  }
}
