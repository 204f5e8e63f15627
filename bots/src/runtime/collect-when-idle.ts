import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const lookEveryMs = 3_000;
/** Of a thread's time: what polls and heartbeats take is far less. */
const quiet = 0.05;
const worthItBytes = 3 * 1024 * 1024;
/** What is let go of much later than it was used makes no heap grow. */
const atLeastEveryMs = 600_000;

/**
 * A start and every burst of work leave as much garbage as they leave of use, and bots that nobody speaks to then never fill their
 * heaps, so nothing would ever clear it away. This does, as soon as the thread has nothing else to do.
 */
export function collectWhenIdle(everyMs = lookEveryMs, collected: () => void = () => undefined): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return;
  const wholly = { type: 'major', execution: 'sync', flavor: 'last-resort' };
  let heldBytes = 0;
  let collectedAt = 0;
  let before = performance.eventLoopUtilization();
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > quiet) return;
    const isDue = performance.now() - collectedAt > atLeastEveryMs;
    if (getHeapStatistics().total_heap_size < heldBytes + worthItBytes && !isDue) return;
    collect(wholly);
    heldBytes = getHeapStatistics().total_heap_size;
    collectedAt = performance.now();
    collected();
  }, everyMs).unref();
}
