import type { Speaker } from './inbound.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

interface Limit {
  readonly atOnce: number;
  readonly perSecond: number;
}

/** How much is taken in from one person and from one channel. */
export interface Limits {
  readonly person: Limit;
  readonly channel: Limit;
}

const defaultLimits: Limits = {
  person: { atOnce: 20, perSecond: 2 },
  channel: { atOnce: 100, perSecond: 20 },
};
const mostBuckets = 20_000;

/** Counts one more thing that somebody says, and tells how many milliseconds to wait where it is too much. */
export function createLimiter(limits: Limits = defaultLimits): (speaker: Speaker) => number {
  const buckets = new Map<string, TokenBucket>();

  function bucketOf(key: string, { atOnce, perSecond }: Limit): TokenBucket {
    const bucket = buckets.get(key) ?? createTokenBucket(atOnce, perSecond);
    // The one that was used last stands last.
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > mostBuckets && oldest !== undefined) buckets.delete(oldest);
    return bucket;
  }

  return ({ platform, install, channel, user }) => {
    const ofPerson = bucketOf(JSON.stringify(['person', platform, install, user]), limits.person).take();
    if (ofPerson > 0) return ofPerson;
    return bucketOf(JSON.stringify(['channel', platform, install, channel]), limits.channel).take();
  };
}
