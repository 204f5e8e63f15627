/** The rows of a live query in their order, at most `limit` of them, changed row by row and read as one array. */
export interface RowWindow<Row> {
  /**
   * Puts the rows of a fresh read in place of everything. Gives the keys that changed or came in between the old rows;
   * what moved up into a full window because others left is not among them.
   */
  replace(rows: readonly Row[]): ReadonlySet<string>;
  /** Takes a row in, unless a newer state of it is there or it belongs behind the end of a full window. */
  put(row: Row): boolean;
  /** Says whether the row was there. */
  remove(key: string): boolean;
  /** The same array until something changes. */
  rows(): readonly Row[];
}

export interface RowRules<Row> {
  readonly key: (row: Row) => string;
  /** The order of the rows; must be total, so that two faces show the same. */
  readonly compare: (a: Row, b: Row) => number;
  readonly limit?: number;
  /** When this state of the row was written, in epoch milliseconds; an older state never replaces a newer one. */
  readonly version?: (row: Row) => number;
}

export function createWindow<Row extends object>({
  key,
  compare,
  limit,
  version,
}: RowRules<Row>): RowWindow<Row> {
  let byKey = new Map<string, Row>();
  let sorted: readonly Row[] = [];
  let isStale = false;
  /** No row came, went or moved since the last look. */
  let isOrderKept = true;

  function isOlder(row: Row, than: Row): boolean {
    return version !== undefined && version(row) < version(than);
  }

  function rows(): readonly Row[] {
    if (!isStale) return sorted;
    isStale = false;
    if (isOrderKept) {
      sorted = sorted.map((row) => byKey.get(key(row)) ?? row);
      return sorted;
    }
    isOrderKept = true;
    // The old order first: sorting what is nearly sorted is linear.
    const kept = sorted.flatMap((row) => byKey.get(key(row)) ?? []);
    const known = new Set(sorted.map(key));
    for (const [id, row] of byKey) if (!known.has(id)) kept.push(row);
    kept.sort(compare);
    for (const row of kept.splice(limit ?? kept.length)) byKey.delete(key(row));
    sorted = kept;
    return sorted;
  }

  return {
    rows,
    replace(fresh) {
      const before = rows();
      const last = limit !== undefined && before.length >= limit ? before.at(-1) : undefined;
      const changed = new Set<string>();
      const next = new Map<string, Row>();
      for (const row of fresh) {
        const id = key(row);
        const old = byKey.get(id);
        const isSame = old !== undefined && JSON.stringify(old) === JSON.stringify(row);
        const isFromBehind = old === undefined && last !== undefined && compare(row, last) > 0;
        if (!isSame && !isFromBehind) changed.add(id);
        // An unchanged row stays the same object, so that whoever renders it need not.
        next.set(id, isSame ? old : row);
      }
      byKey = next;
      isStale = true;
      isOrderKept = false;
      return changed;
    },
    put(row) {
      const id = key(row);
      const before = byKey.get(id);
      if (before !== undefined && isOlder(row, before)) return false;
      byKey.set(id, row);
      isStale = true;
      if (before === undefined || compare(before, row) !== 0) isOrderKept = false;
      // A storm must not pile up more than a window's worth between two looks.
      if (limit !== undefined && byKey.size > limit * 2) rows();
      return true;
    },
    remove(id) {
      if (!byKey.delete(id)) return false;
      isStale = true;
      isOrderKept = false;
      return true;
    },
  };
}
