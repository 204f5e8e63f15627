import type { HqClient } from '@hq/shared/client';
import type { AgentHealthRow, AgentRow, GatewayRow } from '@hq/shared/rows';
import type { Command, Option } from 'commander';
import { z } from 'zod';
import type { RowContext } from '../../columns/row-context.ts';
import type { Column } from '../../table/column.ts';
import { parseCount, parseSince } from '../arguments/numbers.ts';
import { flag, text } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember, type MemberConnection } from '../connection/connect-member.ts';
import { type DocumentContext, listDocument, slugsOf } from '../documents/document.ts';
import { printTable, rowContext, tableWidth } from '../output/print-table.ts';

/** The options that lists may have; each declares its own. */
const listOptions = z.object({
  json: flag,
  wide: flag,
  all: flag,
  gateway: text,
  agent: text,
  status: text,
  since: text,
  limit: text,
});
export type ListOptions = z.output<typeof listOptions>;

const defaultLimit = 50;
const largestLimit = 10_000;

interface ListRows<Row> {
  readonly rows: readonly Row[];
  /** Rows that the columns and the document of a row look up. */
  readonly gateways?: readonly GatewayRow[];
  readonly agents?: readonly AgentRow[];
  readonly health?: readonly AgentHealthRow[];
}

interface ListCommand<Row> {
  readonly name: string;
  /** The name of the list in its document; by default the command's. */
  readonly documentName?: string;
  readonly about: string;
  /** Help of the argument that names an agent; the command takes none without it. */
  readonly agentArgument?: string;
  readonly options?: readonly Option[];
  readonly read: (connection: MemberConnection, options: ListOptions) => Promise<ListRows<Row>>;
  readonly document: (row: Row, context: DocumentContext) => object;
  /** `isNarrow`: the table is cut to the terminal. */
  readonly columns: (rows: readonly Row[], isNarrow: boolean) => readonly Column<Row, RowContext>[];
  readonly whenEmpty: string;
}

/** Makes a command that prints rows as a table, or as one document. */
export function listCommand<Row>({ name, about, options = [], read, ...list }: ListCommand<Row>): AddCommand {
  return (parent, console) => {
    const command = addList(parent, name, about);
    for (const option of options) command.addOption(option);
    if (list.agentArgument !== undefined) command.argument('[agent]', list.agentArgument);
    command.action(async () => {
      const [agent] = command.processedArgs;
      const parsed = listOptions.parse({ agent, ...command.opts() });
      const connection = await connectMember(console.env);
      const { rows, gateways = [], agents = [], health = [] } = await read(connection, parsed);
      const context = rowContext(connection, gateways, agents, health);
      if (parsed.json) {
        const { now, lookups } = context;
        const slugs = { gateways: slugsOf(gateways), agents: slugsOf(agents) };
        const documents = { ...slugs, health: lookups.healthOf, now };
        const content = { [list.documentName ?? name]: rows.map((row) => list.document(row, documents)) };
        console.printJson(listDocument(connection.client, content));
        return;
      }
      const columns = list.columns(rows, tableWidth(console, parsed) !== null);
      printTable(console, parsed, rows, columns, context, list.whenEmpty);
    });
  };
}

export function addList(parent: Command, name: string, about: string): Command {
  return parent
    .command(name)
    .description(about)
    .option('--json', 'one JSON document instead of a table')
    .option('--wide', 'do not cut the table to the terminal');
}

export function parseListOptions(command: Command): ListOptions {
  return listOptions.parse(command.opts());
}

/** Parses `--since` and `--limit`. */
export function newest(
  client: HqClient,
  { since, limit }: Pick<ListOptions, 'since' | 'limit'>,
): { limit: number; since?: string } {
  return {
    limit: limit === undefined ? defaultLimit : parseCount(limit, largestLimit, '--limit'),
    ...(since === undefined ? {} : { since: parseSince(since, client.clock.now()) }),
  };
}
