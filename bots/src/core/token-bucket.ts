export type TokenBucket = ReturnType<typeof createTokenBucket>;

/** Allows a burst, and then a number of requests a second. */
export function createTokenBucket(size: number, perSecond: number, now: () => number = Date.now) {
  let tokens = size;
  let filledAt = now();
  function fill(): void {
    const at = now();
    tokens = Math.min(size, tokens + (Math.max(0, at - filledAt) / 1000) * perSecond);
    filledAt = at;
  }
  return {
    /** Takes a token and returns 0, or returns the milliseconds until there is one. */
    take(): number {
      fill();
      if (tokens >= 1) {
        tokens -= 1;
        return 0;
      }
      return Math.ceil(((1 - tokens) / perSecond) * 1000);
    },
  };
}
