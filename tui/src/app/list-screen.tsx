import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import type { ReactNode } from 'react';
import type { RowContext } from '../columns/row-context.ts';
import { openKeys } from '../keys/app-keys.ts';
import type { Binding, Handlers } from '../keys/binding.ts';
import type { Feed, Snapshot } from '../session/session.ts';
import type { Identified, Table as TableOf } from '../table/column.ts';
import type { Sort } from '../table/row-text.ts';
import { type List, useList } from '../widgets/list.ts';
import type { Place } from '../widgets/panel.tsx';
import { Table } from '../widgets/table.tsx';
import type { Route } from './router.ts';
import type { Screen } from './screen.ts';
import { ScreenFrame, useBodySize } from './screen-frame.tsx';
import { type Ui, useFeed, useIsLoading, useRowContext, useUi } from './ui.ts';

/** Everything that a list screen is made of at one moment. */
interface Moment<Row> {
  readonly ui: Ui;
  readonly route: Route;
  readonly context: RowContext;
  /** The selected row. */
  readonly row: Row | null;
}

interface BodyProps<Row> extends Moment<Row> {
  readonly list: List<Row & Identified, RowContext>;
  readonly size: Place;
  /** The table in a place of its own. */
  readonly table: (place: Place) => ReactNode;
}

interface ListScreen<Row extends Identified, Keys extends readonly Binding[]>
  extends Omit<Screen, 'isList' | 'Component'> {
  readonly keys: Keys;
  readonly on: (moment: Moment<Row>, gateway: GatewayRow | null) => Handlers<Keys>;
  readonly table: TableOf<Row, RowContext>;
  readonly sort: Sort;
  /** Milliseconds after which the order may have changed though no row did. */
  readonly sortsAgainMs?: number;
  /** Rows that are all there are. A screen has these or `useFeed`. */
  readonly useRows?: (ui: Ui, route: Route, context: RowContext) => readonly Row[];
  /** The newest rows of a table, of which older ones can be read. */
  readonly useFeed?: (ui: Ui, route: Route) => Feed<Row>;
  /** The rows of the feed that are shown; all by default. */
  readonly useShown?: (rows: readonly Row[]) => readonly Row[];
  readonly open?: (row: Row, ui: Ui) => void;
  readonly copyText: (moment: Moment<Row>) => string | null | undefined;
  readonly gateway?: (moment: Moment<Row>) => GatewayRow | null | undefined;
  readonly agent?: (moment: Moment<Row>) => AgentRow | null;
  readonly whenEmpty: readonly string[];
  /** Everything between the title and the message line; the table alone by default. */
  readonly Body?: (props: BodyProps<Row>) => ReactNode;
}

const noRows: Snapshot<never> = { rows: [], status: 'live', asOf: null, hasOlder: false, error: null };
const noFeed: Feed<never> = {
  subscribe: () => () => undefined,
  getSnapshot: () => noRows,
  readOlder: () => undefined,
};

/** Makes a screen that shows a table. */
export function listScreen<Row extends Identified, const Keys extends readonly Binding[]>(
  screen: ListScreen<Row, Keys>,
): Screen {
  const { name, table, sort, sortsAgainMs, open, Body } = screen;
  const keys: readonly Binding[] = open === undefined ? screen.keys : [...openKeys, ...screen.keys];

  function Component({ route }: { readonly route: Route }): ReactNode {
    const ui = useUi();
    const size = useBodySize();
    const context = useRowContext();
    const isLoading = useIsLoading();
    const feed = screen.useFeed?.(ui, route) ?? noFeed;
    const read = useFeed<Row>(feed);
    const shownOfRead = screen.useShown?.(read.rows) ?? read.rows;
    const rows = screen.useRows?.(ui, route, context) ?? shownOfRead;
    const older = read.hasOlder ? { newest: read.rows.length, read: feed.readOlder } : null;
    const moment = sortsAgainMs === undefined ? 0 : Math.floor(context.now / sortsAgainMs);
    const list = useList(ui.list(name), table, rows, context, { sort, moment, older });
    const shown = { ui, route, context, row: list.selected };
    const openSelected = (): void => {
      if (list.selected !== null) open?.(list.selected, ui);
    };
    const gateway = screen.gateway?.(shown) ?? null;
    const tableIn = (place: Place): ReactNode => (
      <Table
        list={list}
        {...place}
        whenEmpty={isLoading ? ['Reading'] : screen.whenEmpty}
        onOpen={openSelected}
      />
    );
    return (
      <ScreenFrame
        keys={keys}
        on={{ open: openSelected, ...screen.on(shown, gateway) }}
        list={list}
        copyText={screen.copyText(shown) ?? null}
        gateway={gateway}
        agent={screen.agent?.(shown) ?? null}
        selected={list.selected}
      >
        {Body === undefined ? tableIn(size) : <Body {...shown} list={list} size={size} table={tableIn} />}
      </ScreenFrame>
    );
  }
  return { ...screen, keys, isList: true, Component };
}
