import type { HqError } from '../errors.ts';

/**
 * `loading`: nothing read yet. `live`: every change arrives as an event. `polling`: read periodically, because events
 * do not arrive. `offline`: the last read failed; the rows are those of `asOf`.
 */
export type LiveStatus = 'loading' | 'live' | 'polling' | 'offline';

export interface LiveSnapshot<Row> {
  readonly rows: readonly Row[];
  readonly status: LiveStatus;
  /** The last time that the rows were known to be right, in local epoch milliseconds; null before the first read. */
  readonly asOf: number | null;
  /** True where the table may have rows beyond those that are held. */
  readonly hasOlder: boolean;
  /** The reason for `offline`. */
  readonly error: HqError | null;
}

/** Takes snapshots and notifies the listeners of each, at most once in `everyMs`. */
export class SnapshotPublisher<Row> {
  readonly #everyMs: number;
  readonly #take: () => LiveSnapshot<Row>;
  readonly #listeners = new Set<() => void>();
  #current: LiveSnapshot<Row> = {
    rows: [],
    status: 'loading',
    asOf: null,
    hasOlder: false,
    error: null,
  };
  #publishedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(everyMs: number, take: () => LiveSnapshot<Row>) {
    this.#everyMs = everyMs;
    this.#take = take;
  }

  /** The same object until the next notification. */
  get current(): LiveSnapshot<Row> {
    return this.#current;
  }

  add(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Returns true if this was the last listener. */
  remove(listener: () => void): boolean {
    return this.#listeners.delete(listener) && this.#listeners.size === 0;
  }

  publishSoon(): void {
    if (this.#timer !== null) return;
    const pause = Math.max(0, this.#publishedAt + this.#everyMs - Date.now());
    this.#timer = setTimeout(() => this.#publish(), Math.min(pause, this.#everyMs));
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  clear(): void {
    this.#listeners.clear();
  }

  #publish(): void {
    this.#timer = null;
    this.#publishedAt = Date.now();
    this.#current = this.#take();
    for (const listener of [...this.#listeners]) listener();
  }
}
