/** Remembers things for a while, and never more of them than it may. */
export class Recent<T> {
  readonly #livesMs: number;
  readonly #most: number;
  readonly #entries = new Map<string, { readonly value: T; readonly until: number }>();

  constructor(livesMs: number, most: number) {
    this.#livesMs = livesMs;
    this.#most = most;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.until > Date.now() ? entry.value : undefined;
  }

  set(key: string, value: T): void {
    const now = Date.now();
    this.#entries.delete(key);
    // All live equally long, so the oldest come first.
    for (const [oldest, { until }] of this.#entries) {
      if (until > now && this.#entries.size < this.#most) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, until: now + this.#livesMs });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
