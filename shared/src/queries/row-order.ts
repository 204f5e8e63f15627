export const newestFirst = { order: ['created_at', 'id'], isNewestFirst: true } as const;

/** The version of a row whose trigger stamps every change. */
export function updatedAt(row: { readonly updated_at: string }): number {
  return Date.parse(row.updated_at);
}

/** Returns the comparison of rows in the order of these columns; all of them descend if the newest comes first. */
export function inOrder<Row>(
  order: readonly (keyof Row & string)[],
  isNewestFirst: boolean,
): (a: Row, b: Row) => number {
  return (a, b) => {
    const [one, other] = isNewestFirst ? [b, a] : [a, b];
    for (const column of order) {
      const difference = compare(one[column], other[column], column.endsWith('_at'));
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

/** Events and answers print the same time in two forms. */
function compare(a: unknown, b: unknown, isTime: boolean): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [one, other] = [String(a), String(b)];
  const apart = isTime ? Date.parse(one) - Date.parse(other) : 0;
  return apart || (one < other ? -1 : one > other ? 1 : 0);
}
