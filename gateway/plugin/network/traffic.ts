const dayMs = 24 * 60 * 60 * 1000;
const mostRefusals = 50;

/** A destination that an agent asked for and did not get. */
export interface Refusal {
  readonly destination: string;
  readonly reason: string;
  readonly times: number;
  readonly lastAt: string;
}

/** Counts the traffic of one agent, and ends it for the day at a number of bytes. */
export class Traffic {
  #connections = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  #refused = 0;
  #usedToday = 0;
  #dayBegan: number;
  readonly #refusals = new Map<string, Refusal>();
  readonly #bytesPerDay: number;
  readonly #now: () => number;

  constructor(bytesPerDay: number, now: () => number = Date.now) {
    this.#bytesPerDay = bytesPerDay;
    this.#now = now;
    this.#dayBegan = now();
  }

  connected(): void {
    this.#connections += 1;
  }

  /** Counts bytes and returns whether the agent may go on. */
  count(direction: 'sent' | 'received', bytes: number): boolean {
    if (direction === 'sent') this.#sentBytes += bytes;
    else this.#receivedBytes += bytes;
    this.#turnDay();
    this.#usedToday += bytes;
    return !this.isExhausted();
  }

  isExhausted(): boolean {
    this.#turnDay();
    return this.#usedToday >= this.#bytesPerDay;
  }

  refused(destination: string, reason: string): void {
    this.#refused += 1;
    const times = (this.#refusals.get(destination)?.times ?? 0) + 1;
    // Inserted anew, so that the first key is always the one that was refused least recently.
    this.#refusals.delete(destination);
    this.#refusals.set(destination, {
      destination,
      reason,
      times,
      lastAt: new Date(this.#now()).toISOString(),
    });
    const [oldest] = this.#refusals.keys();
    if (this.#refusals.size > mostRefusals && oldest !== undefined) this.#refusals.delete(oldest);
  }

  snapshot() {
    return {
      connections: this.#connections,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      refused: this.#refused,
      refusals: [...this.#refusals.values()],
    };
  }

  #turnDay(): void {
    if (this.#now() - this.#dayBegan < dayMs) return;
    this.#dayBegan = this.#now();
    this.#usedToday = 0;
  }
}
