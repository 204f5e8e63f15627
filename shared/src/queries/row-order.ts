interface Identified {
  readonly id: string;
}

export function rowId(row: Identified): string {
  return row.id;
}

/** The version of a row whose trigger stamps every change. */
export function updatedAt(row: { readonly updated_at: string }): number {
  return Date.parse(row.updated_at);
}

/** Orders by a text, then by id. */
export function byText<Row extends Identified>(text: (row: Row) => string): (a: Row, b: Row) => number {
  return (a, b) => compare(text(a), text(b)) || compare(a.id, b.id);
}

/** Orders from the newest to the oldest, then by id. */
export function newestFirst<Row extends Identified & { readonly created_at: string }>(
  a: Row,
  b: Row,
): number {
  return (
    Date.parse(b.created_at) - Date.parse(a.created_at) ||
    compare(b.created_at, a.created_at) ||
    compare(b.id, a.id)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
