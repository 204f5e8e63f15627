import { Box, type DOMElement, measureElement, Text, useIsScreenReaderEnabled } from 'ink';
import { type ReactNode, type RefObject, useLayoutEffect, useMemo, useRef } from 'react';
import { useInputLayer } from '../app/keyboard.ts';
import type { Identified } from '../table/column.ts';
import { fitColumns, type SizedColumn } from '../table/layout.ts';
import { headerText, rowSentence, rowText } from '../table/row-text.ts';
import { Notice, PaintedLine } from './line.tsx';
import { type AnyList, type List, scrollTo } from './list.ts';
import { Panel, type Place } from './panel.tsx';
import { useTheme } from './theme.ts';

interface TableProps<Row extends Identified, Context> extends Place {
  readonly list: List<Row, Context>;
  readonly whenEmpty: readonly string[];
  /** For a click on the selected row. */
  readonly onOpen?: () => void;
}

const wheelRows = 3;

/** The header and the visible rows of a list; sentences where it is empty. */
export function Table<Row extends Identified, Context>({
  list,
  width,
  height,
  whenEmpty,
  onOpen,
}: TableProps<Row, Context>): ReactNode {
  const theme = useTheme();
  const isRead = useIsScreenReaderEnabled();
  const { store, table, context, rows, index } = list;
  const places = Math.max(1, height - 1);
  const top = scrollTo(store.top, index, places, rows.length);
  const visible = rows.slice(top, top + places);
  const sized = useMemo(() => fitColumns(table.columns, width), [table, width]);
  const textOf = useRowTexts(list, sized, width);
  const box = useRef<DOMElement>(null);
  useLayoutEffect(() => {
    store.top = top;
    store.page = Math.max(1, visible.length - 1);
    store.width = width;
  });
  useMouse(list, box, top, visible.length, onOpen);
  if (isRead && rows.length > 0) {
    return (
      <Box flexDirection="column">
        {visible.map((row, at) => (
          <Text key={row.id}>{rowSentence(table, row, context, top + at === index)}</Text>
        ))}
      </Box>
    );
  }
  const nothing = list.total > 0 ? [`Nothing matches ${list.filter}`, 'esc clears the filter'] : whenEmpty;
  return (
    <Panel width={width} height={height}>
      <PaintedLine text={headerText(sized, list.sort, width, theme)} />
      {rows.length === 0 ? (
        <Notice sentences={nothing} height={places} />
      ) : (
        <Box ref={box} flexDirection="column">
          {visible.map((row, at) => (
            <PaintedLine key={row.id} text={textOf(row, top + at === index)} />
          ))}
        </Box>
      )}
    </Panel>
  );
}

/** Remembers the texts of rows until something else changes than the selection: a key changes two rows of fifty. */
function useRowTexts<Row extends Identified, Context>(
  { table, context }: List<Row, Context>,
  sized: readonly SizedColumn<Row, Context>[],
  width: number,
): (row: Row, isSelected: boolean) => string {
  const theme = useTheme();
  return useMemo(() => {
    const known = new Map<Row, string>();
    return (row, isSelected) => {
      const text = isSelected ? undefined : known.get(row);
      if (text !== undefined) return text;
      const fresh = rowText(table, sized, row, context, { selected: isSelected, width, theme });
      if (!isSelected) known.set(row, fresh);
      return fresh;
    };
  }, [table, sized, context, width, theme]);
}

/** The wheel moves the selection; a click selects a row, a second one opens it. */
function useMouse(
  list: AnyList,
  box: RefObject<DOMElement | null>,
  top: number,
  visibleRows: number,
  onOpen: (() => void) | undefined,
): void {
  useInputLayer('screen', (input) => {
    if (input.type !== 'mouse') return false;
    if (input.kind === 'wheel-up' || input.kind === 'wheel-down') {
      list.move(input.kind === 'wheel-up' ? -wheelRows : wheelRows);
      return true;
    }
    if (input.kind !== 'press' || box.current === null) return false;
    const { x, y, width } = measureElement(box.current);
    const row = input.y - y;
    if (row < 0 || row >= visibleRows || input.x < x || input.x >= x + width) return false;
    if (top + row === list.index) onOpen?.();
    else list.moveTo(top + row);
    return true;
  });
}
