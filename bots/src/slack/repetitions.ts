/** Slack brings what was not acknowledged again at once, after a minute and after five. */
const livesMs = 10 * 60_000;
const mostKept = 5000;

/** What was taken on is not taken on once more, though its acknowledgement was lost with a connection. */
export class Repetitions {
  readonly #taken = new Map<string, number>();

  /** Whether this delivery was taken on before; from now on it was. */
  isOne(delivery: string): boolean {
    const now = Date.now();
    const until = this.#taken.get(delivery);
    if (until !== undefined && until > now) return true;
    // All are kept equally long, so the oldest come first.
    for (const [oldest, end] of this.#taken) {
      if (end > now && this.#taken.size < mostKept) break;
      this.#taken.delete(oldest);
    }
    this.#taken.set(delivery, now + livesMs);
    return false;
  }

  /** Nothing came of it: the next one counts. */
  forget(delivery: string): void {
    this.#taken.delete(delivery);
  }
}
