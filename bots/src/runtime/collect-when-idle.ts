import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const lookEveryMs = 3_000;
/** A share of the thread's time; polls and heartbeats take far less. */
const quiet = 0.05;
const worthItBytes = 3 * 1024 * 1024;
/** Milliseconds between two collections, at most; garbage that is freed late does not grow the heap. */
const atLeastEveryMs = 600_000;

/**
 * Collects garbage while the thread is idle. A start and each burst of work leave as much garbage as live data, and idle
 * bots never fill their heaps, so Node would never collect it.
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
