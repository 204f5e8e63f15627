interface Window {
  readonly startedAt: number;
  used: number;
}

export interface RateAnswer {
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds to wait; null if the request may pass. */
  readonly retryAfter: number | null;
  readonly global: boolean;
}

/** Discord's buckets: requests of one kind in one channel or for one token, and 50 a second in all. */
export class RateLimits {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #perSecond: number;
  readonly #windows = new Map<string, Window>();
  refused = 0;

  constructor({ limit, windowMs, perSecond }: { limit: number; windowMs: number; perSecond: number }) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#perSecond = perSecond;
  }

  /** `bucket` is null without a separate limit. `counted` is false for requests outside the global limit. */
  take(bucket: string | null, counted: boolean): RateAnswer {
    const now = Date.now();
    if (counted && this.#use('global', 1000, this.#perSecond, now) === null) {
      return this.#refuse({ 'x-ratelimit-global': 'true', 'x-ratelimit-scope': 'global' }, 1, true);
    }
    if (bucket === null) return { headers: {}, retryAfter: null, global: false };
    const used = this.#use(bucket, this.#windowMs, this.#limit, now);
    const startedAt = this.#windows.get(bucket)?.startedAt ?? now;
    const resetAfter = Math.max(0.001, (startedAt + this.#windowMs - now) / 1000);
    const headers = {
      'x-ratelimit-limit': String(this.#limit),
      'x-ratelimit-remaining': String(Math.max(0, this.#limit - (used ?? this.#limit))),
      'x-ratelimit-reset': String((startedAt + this.#windowMs) / 1000),
      'x-ratelimit-reset-after': resetAfter.toFixed(3),
      'x-ratelimit-bucket': Buffer.from(bucket.replace(/[0-9]{5,}.*$/u, ''))
        .toString('hex')
        .slice(0, 32),
    };
    if (used !== null) return { headers, retryAfter: null, global: false };
    return this.#refuse({ ...headers, 'x-ratelimit-scope': 'user' }, resetAfter, false);
  }

  /** Returns the used count of this window, or null if it is full. */
  #use(key: string, windowMs: number, limit: number, now: number): number | null {
    let window = this.#windows.get(key);
    if (!window || now >= window.startedAt + windowMs) {
      window = { startedAt: now, used: 0 };
      this.#windows.set(key, window);
    }
    if (window.used >= limit) return null;
    window.used += 1;
    return window.used;
  }

  #refuse(headers: Record<string, string>, retryAfter: number, global: boolean): RateAnswer {
    this.refused += 1;
    return { headers: { ...headers, 'retry-after': String(Math.ceil(retryAfter)) }, retryAfter, global };
  }
}
