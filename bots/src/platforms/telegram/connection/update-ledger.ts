import { withinLimit } from '@hq/shared/program';

const maxKnown = 1_000;
/** A poll returns a hundred updates at most, so more repeated ones would leave no room for new ones. */
const maxRepeated = 50;

/**
 * Tracks the updates that are being handled. Telegram forgets updates below the offset of a poll, so the offset stays
 * at the oldest unhandled one, which survives a crash. Telegram then repeats the later ones, which are known here.
 */
export class UpdateLedger {
  readonly #open = new Set<number>();
  readonly #known = new Set<number>();
  #onSettled: () => void = () => undefined;
  #next = 0;

  /** The offset of the next poll; 0 before the first update. */
  get offset(): number {
    if (this.#open.size === 0) return this.#next;
    const open = [...this.#open].sort((one, other) => one - other);
    return open.at(-maxRepeated) ?? open[0] ?? this.#next;
  }

  get isSettled(): boolean {
    return this.#open.size === 0;
  }

  /** False if the update is known. */
  take(updateId: number): boolean {
    if (this.#known.has(updateId)) return false;
    this.#known.add(updateId);
    this.#open.add(updateId);
    // Telegram may choose a lower id after a week without updates, and so may a new server.
    const isReset = updateId < this.#next - maxKnown;
    this.#next = isReset ? updateId + 1 : Math.max(this.#next, updateId + 1);
    if (this.#known.size > maxKnown) {
      const oldest = [...this.#known].find((id) => !this.#open.has(id));
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    return true;
  }

  settle(updateId: number): void {
    if (this.#open.delete(updateId) && this.isSettled) this.#onSettled();
  }

  /** Resolves once no update is open, or after the limit. */
  async settled(limitMs: number): Promise<void> {
    if (this.isSettled) return;
    const settled = Promise.withResolvers<void>();
    this.#onSettled = settled.resolve;
    await withinLimit(limitMs, settled.promise);
  }
}
