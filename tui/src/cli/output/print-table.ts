import type { AgentHealthRow, AgentRow, GatewayRow } from '@hq/shared/rows';
import { createLookups } from '../../columns/lookups.ts';
import type { RowContext } from '../../columns/row-context.ts';
import type { Column } from '../../table/column.ts';
import { tableLines } from '../../table/printed-table.ts';
import type { MemberConnection } from '../connection/connect-member.ts';
import type { Console } from './console.ts';

export interface TableOptions {
  /** Prints the table in its full width. */
  readonly wide: boolean;
}

/** Returns the context of the columns, from the rows that a command has read. */
export function rowContext(
  { client, member }: MemberConnection,
  gateways: readonly GatewayRow[] = [],
  agents: readonly AgentRow[] = [],
  health: readonly AgentHealthRow[] = [],
): RowContext {
  return { lookups: createLookups()(gateways, agents, [], health), now: client.clock.now(), member };
}

export function printTable<Row>(
  console: Console,
  options: TableOptions,
  rows: readonly Row[],
  columns: readonly Column<Row, RowContext>[],
  context: RowContext,
  whenEmpty: string,
): void {
  if (rows.length === 0) {
    console.say(whenEmpty);
    return;
  }
  const width = tableWidth(console, options);
  for (const line of tableLines(rows, columns, context, width, console.paint)) console.print(line);
}

/** Returns the limit in columns; null without one. */
export function tableWidth(console: Console, options: TableOptions): number | null {
  return options.wide ? null : console.columns;
}
