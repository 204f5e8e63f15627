import { LRUCache } from 'lru-cache';
import type { Sender } from '../../contract/inbound.ts';
import { createTokenBucket, type TokenBucket } from '../token-bucket.ts';

interface RateLimit {
  /** The size of a burst. */
  readonly atOnce: number;
  readonly perSecond: number;
}

export interface RateLimits {
  readonly person: RateLimit;
  readonly channel: RateLimit;
  /** One person in a group where everybody sees the answers. */
  readonly inPublic: RateLimit;
}

const defaultLimits: RateLimits = {
  person: { atOnce: 100, perSecond: 20 },
  channel: { atOnce: 200, perSecond: 50 },
  inPublic: { atOnce: 10, perSecond: 1 / 3 },
};
const maxCounted = 20_000;

export interface RateLimitExcess {
  readonly waitMs: number;
  /** The first excess since a request was accepted. */
  readonly isFirst: boolean;
}

interface Counted {
  readonly bucket: TokenBucket;
  isExceeded: boolean;
}

/** Counts one request; null if it is within the limits. */
export type RateLimiter = (sender: Sender, isPublic: boolean) => RateLimitExcess | null;

export function createRateLimiter(limits: RateLimits = defaultLimits): RateLimiter {
  const counts = new LRUCache<string, Counted>({ max: maxCounted });

  function count(kind: keyof RateLimits, ...of: readonly string[]): RateLimitExcess | null {
    const key = JSON.stringify([kind, ...of]);
    const { atOnce, perSecond } = limits[kind];
    const counted = counts.get(key) ?? { bucket: createTokenBucket(atOnce, perSecond), isExceeded: false };
    counts.set(key, counted);
    const waitMs = counted.bucket.take();
    const isFirst = waitMs > 0 && !counted.isExceeded;
    counted.isExceeded = waitMs > 0;
    return waitMs > 0 ? { waitMs, isFirst } : null;
  }

  return ({ platform, install, channel, user }, isPublic) =>
    (isPublic ? count('inPublic', platform, install, channel, user) : null) ??
    count('person', platform, install, user) ??
    count('channel', platform, install, channel);
}
