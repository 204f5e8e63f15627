interface Identified {
  readonly id: string;
}

/** By a text, and by id where it is the same. */
export function byText<Row extends Identified>(text: (row: Row) => string): (a: Row, b: Row) => number {
  return (a, b) => compare(text(a), text(b)) || compare(a.id, b.id);
}

/** The newest first, and by id where they are of the same moment. */
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
