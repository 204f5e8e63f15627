import { fitColumns } from '../table/layout.ts';
import { headerText, rowSentence, rowText } from '../table/row-text.ts';
import type { List } from './list.ts';
import { calm, exactly } from './panel.ts';
import type { Body, Room } from './view.ts';

/** A list with its header in a room, or a calm sentence where it is empty. */
export function listBody<Row, Context>(
  list: List<Row, Context>,
  context: Context,
  room: Room,
  whenEmpty: readonly string[],
): Body {
  const { width, height, theme } = room;
  const sized = fitColumns(list.table.columns, width);
  const header = headerText(sized, list.sort, width, theme);
  if (list.rows.length === 0) {
    const sentences =
      list.total > 0 ? [`Nothing matches ${list.filter}`, 'esc clears the filter'] : whenEmpty;
    return {
      lines: exactly([header, ...calm(sentences, width, Math.max(1, height - 1), theme)], height, width),
      rows: null,
    };
  }
  const { first, rows } = list.window(Math.max(1, height - 1));
  const lines = rows.map((row, at) =>
    rowText(list.table, sized, row, context, { selected: first + at === list.index, width, theme }),
  );
  return {
    lines: exactly([header, ...lines], height, width),
    rows: { line: 1, firstIndex: first, count: rows.length, width },
    spoken: rows.map((row, at) => rowSentence(list.table, row, context, first + at === list.index)),
  };
}
