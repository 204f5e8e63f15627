export interface RowRules<Row> {
  readonly key: (row: Row) => string;
  /** A total order, so that two clients show the same. */
  readonly compare: (a: Row, b: Row) => number;
  readonly limit?: number;
  /** The time of this state of the row, in epoch milliseconds; an older state never replaces a newer one. */
  readonly version?: (row: Row) => number;
}

/** The rows of a live query in their order, at most `limit` of them, changed row by row and read as one array. */
export class RowWindow<Row extends object> {
  readonly #rules: RowRules<Row>;
  #limit: number | undefined;
  /** The limit of the read that brought the rows. */
  #readLimit: number | undefined;
  #byKey = new Map<string, Row>();
  #sorted: readonly Row[] = [];
  #isStale = false;
  /** No row came, went or moved since the array was made. */
  #isOrderKept = true;

  constructor(rules: RowRules<Row>) {
    this.#rules = rules;
    this.#limit = rules.limit;
    this.#readLimit = rules.limit;
  }

  get isFull(): boolean {
    return this.#readLimit !== undefined && this.rows().length >= this.#readLimit;
  }

  /** The most rows; undefined for a whole table. */
  get limit(): number | undefined {
    return this.#limit;
  }

  /** Makes place for as many rows more as the window began with. */
  grow(): void {
    if (this.#limit !== undefined) this.#limit += this.#rules.limit ?? 0;
  }

  /** Returns the same array until something changes. */
  rows(): readonly Row[] {
    if (this.#isStale) this.#sorted = this.#isOrderKept ? this.#refreshed() : this.#resorted();
    this.#isStale = false;
    this.#isOrderKept = true;
    return this.#sorted;
  }

  /**
   * Replaces everything by the rows of a fresh read with a limit. Returns the keys that changed or came in between the old rows, not
   * those that moved up into a full window because others left.
   */
  replace(fresh: readonly Row[], limit = this.#limit): ReadonlySet<string> {
    const { key, compare } = this.#rules;
    const last = this.isFull ? this.rows().at(-1) : undefined;
    const changed = new Set<string>();
    const next = new Map<string, Row>();
    for (const row of fresh) {
      const id = key(row);
      const old = this.#byKey.get(id);
      const isSame = old !== undefined && JSON.stringify(old) === JSON.stringify(row);
      const isFromBeyond = old === undefined && last !== undefined && compare(row, last) > 0;
      if (!isSame && !isFromBeyond) changed.add(id);
      // An unchanged row stays the same object, so that memoized views skip it.
      next.set(id, isSame ? old : row);
    }
    this.#byKey = next;
    this.#readLimit = limit;
    this.#isStale = true;
    this.#isOrderKept = false;
    return changed;
  }

  /** Inserts or updates a row. Returns false if a newer state of it is there. */
  put(row: Row): boolean {
    const { key, compare, version } = this.#rules;
    const id = key(row);
    const before = this.#byKey.get(id);
    if (before !== undefined && version !== undefined && version(row) < version(before)) return false;
    this.#byKey.set(id, row);
    this.#isStale = true;
    if (before === undefined || compare(before, row) !== 0) this.#isOrderKept = false;
    // Drops what exceeds the limit, so that a burst of events does not pile up.
    if (this.#limit !== undefined && this.#byKey.size > this.#limit * 2) this.rows();
    return true;
  }

  /** Returns false if there is no such row. */
  remove(id: string): boolean {
    if (!this.#byKey.delete(id)) return false;
    this.#isStale = true;
    this.#isOrderKept = false;
    return true;
  }

  #refreshed(): readonly Row[] {
    return this.#sorted.map((row) => this.#byKey.get(this.#rules.key(row)) ?? row);
  }

  #resorted(): readonly Row[] {
    const { key, compare } = this.#rules;
    // Begins with the old order, because sorting a nearly sorted array is linear.
    const kept = this.#sorted.flatMap((row) => this.#byKey.get(key(row)) ?? []);
    const known = new Set(this.#sorted.map(key));
    for (const [id, row] of this.#byKey) if (!known.has(id)) kept.push(row);
    kept.sort(compare);
    for (const row of kept.splice(this.#limit ?? kept.length)) this.#byKey.delete(key(row));
    return kept;
  }
}
