import type { Column } from '../table/column.ts';

const wholeId = 36;
const shortest = 8;

/** Returns the length of the starts that tell these ids apart, eight characters at least. */
export function idLengthOf(rows: readonly { readonly id: string }[]): number {
  const ids = rows.map(({ id }) => id).toSorted();
  return ids.reduce((length, id, at) => Math.max(length, sharedLength(id, ids[at - 1] ?? '') + 1), shortest);
}

function sharedLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

/** Shows the starts of ids where the width is limited: every command that takes an id accepts its start. */
export function printedId(
  rows: readonly { readonly id: string }[],
  isNarrow: boolean,
): Column<{ readonly id: string }, unknown> {
  const length = isNarrow ? idLengthOf(rows) : wholeId;
  return { header: 'ID', value: ({ id }) => id.slice(0, length) };
}

/** Returns the start of one id, for a sentence. */
export function shortId(id: string): string {
  return id.slice(0, shortest);
}
