import type { Column } from '../table/column.ts';

/** Shows the first eight characters where the width is limited: the commands that take an id accept its start. */
export function printedId(isNarrow: boolean): Column<{ readonly id: string }, unknown> {
  return { key: 'id', header: 'ID', value: ({ id }) => (isNarrow ? id.slice(0, 8) : id) };
}
