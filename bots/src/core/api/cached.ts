import { LRUCache } from 'lru-cache';

const maxCached = 2_000;

/** Answers of the last moments. All who ask at the same time share one request; after a failure the next one asks again. */
export function createCache<Value>(
  ttl: number,
  /** Milliseconds for which a failure is kept. */
  failureTtl: (error: unknown) => number = () => 0,
) {
  const known = new LRUCache<string, Promise<Value>>({ max: maxCached, ttl });
  return (key: string, load: () => Promise<Value>): Promise<Value> => {
    const cached = known.get(key);
    if (cached !== undefined) return cached;
    const value = load();
    known.set(key, value);
    value.catch((error: unknown) => {
      if (known.peek(key) !== value) return;
      const keptMs = failureTtl(error);
      if (keptMs > 0) known.set(key, value, { ttl: keptMs });
      else known.delete(key);
    });
    return value;
  };
}
