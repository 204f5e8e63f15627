import type { Sender } from '../../contract/inbound.ts';
import { createTokenBucket, type TokenBucket } from '../token-bucket.ts';

interface Limit {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** How much is taken in. */
export interface RateLimits {
  readonly person: Limit;
  readonly channel: Limit;
  /** From one person in a group where everybody sees the answers, and each takes the room of somebody else's. */
  readonly inPublic: Limit;
}

const defaultLimits: RateLimits = {
  person: { atOnce: 100, perSecond: 20 },
  channel: { atOnce: 200, perSecond: 50 },
  inPublic: { atOnce: 10, perSecond: 1 / 3 },
};
const mostCounted = 20_000;

/** Null where it is not too much. */
export type RateLimitExcess = null | {
  readonly waitMs: number;
  /** Whether this is the first since something was taken in. */
  readonly isNews: boolean;
};

interface Counted {
  readonly bucket: TokenBucket;
  isTold: boolean;
}

/** Counts one more thing that somebody says. */
export type RateLimiter = (sender: Sender, isPublic: boolean) => RateLimitExcess;

export function createRateLimiter(limits: RateLimits = defaultLimits): RateLimiter {
  const counts = new Map<string, Counted>();

  function count(kind: keyof RateLimits, ...of: readonly string[]): RateLimitExcess {
    const key = JSON.stringify([kind, ...of]);
    const { atOnce, perSecond } = limits[kind];
    const counted = counts.get(key) ?? { bucket: createTokenBucket(atOnce, perSecond), isTold: false };
    // The one that was used last stands last.
    counts.delete(key);
    counts.set(key, counted);
    const [oldest] = counts.keys();
    if (counts.size > mostCounted && oldest !== undefined) counts.delete(oldest);
    const waitMs = counted.bucket.take();
    const isNews = waitMs > 0 && !counted.isTold;
    counted.isTold = waitMs > 0;
    return waitMs > 0 ? { waitMs, isNews } : null;
  }

  return ({ platform, install, channel, user }, isPublic) =>
    (isPublic ? count('inPublic', platform, install, channel, user) : null) ??
    count('person', platform, install, user) ??
    count('channel', platform, install, channel);
}
