const mostRemembered = 1_000;
/** A poll brings a hundred updates at most: with so many open ones repeated, new ones would have no room. */
const mostRepeated = 50;

/**
 * Which updates are on their way. Telegram forgets what is below the offset of a poll, so the offset stays at the oldest
 * update that HQ has not taken: what a crash tears away comes again. That makes Telegram repeat the ones behind it, which are known here.
 */
export class UpdateLedger {
  readonly #open = new Set<number>();
  readonly #known = new Set<number>();
  #tell: (() => void) | null = null;
  #next = 0;

  /** The offset of the next poll; 0 before the first update. */
  get offset(): number {
    if (this.#open.size === 0) return this.#next;
    const open = [...this.#open].sort((one, other) => one - other);
    return open.at(-mostRepeated) ?? open[0] ?? this.#next;
  }

  get isSettled(): boolean {
    return this.#open.size === 0;
  }

  /** False for one that was taken before. */
  take(updateId: number): boolean {
    if (this.#known.has(updateId)) return false;
    this.#known.add(updateId);
    this.#open.add(updateId);
    // After a week without any, Telegram begins to count somewhere else, lower perhaps; so does a server that was set up anew.
    const isAnew = updateId < this.#next - mostRemembered;
    this.#next = isAnew ? updateId + 1 : Math.max(this.#next, updateId + 1);
    if (this.#known.size > mostRemembered) {
      for (const oldest of this.#known) {
        if (!this.#open.has(oldest)) {
          this.#known.delete(oldest);
          break;
        }
      }
    }
    return true;
  }

  settle(updateId: number): void {
    if (this.#open.delete(updateId) && this.isSettled) this.#tell?.();
  }

  /** Resolves when nothing is on its way any more, or after this time. */
  settled(ms: number): Promise<void> {
    if (this.isSettled) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#tell = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
