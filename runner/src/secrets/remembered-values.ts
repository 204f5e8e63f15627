/** A log may still show a value that long after it was replaced. */
const keptMs = 7 * 24 * 3_600_000;
/** Bounds of what is kept beside the values in use; the oldest go first. */
const mostReplaced = 20_000;
const mostCharacters = 16 * 1024 * 1024;

/** Values of secrets that are in use, and those that were lately. */
export class RememberedValues {
  /** Time of the last use, the longest ago first. */
  readonly #lastUse = new Map<string, number>();
  #inUse: ReadonlySet<string> = new Set();

  /** Takes the values that are in use now. Returns true if the values that are remembered changed. */
  use(values: ReadonlySet<string>, now: number): boolean {
    this.#inUse = values;
    return this.#take(values, now);
  }

  /** Remembers one more value beside those in use. Returns true if it is new. */
  add(value: string, now: number): boolean {
    return this.#take([value], now);
  }

  all(): Iterable<string> {
    return this.#lastUse.keys();
  }

  #take(values: Iterable<string>, now: number): boolean {
    const before = this.#lastUse.size;
    let hasNew = false;
    for (const value of values) {
      hasNew ||= !this.#lastUse.has(value);
      // Inserts it again, at the end.
      this.#lastUse.delete(value);
      this.#lastUse.set(value, now);
    }
    this.#forget(now);
    return hasNew || this.#lastUse.size !== before;
  }

  #forget(now: number): void {
    const replaced = [...this.#lastUse].filter(([value]) => !this.#inUse.has(value));
    let characters = 0;
    for (const [index, [value, lastUse]] of replaced.reverse().entries()) {
      characters += value.length;
      const isKept = now - lastUse < keptMs && index < mostReplaced && characters <= mostCharacters;
      if (!isKept) this.#lastUse.delete(value);
    }
  }
}
