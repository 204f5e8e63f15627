import type { z } from 'zod';
import type { TextNode } from '../../../contract/card.ts';
import { type Part, text } from '../../cards/card-parts.ts';
import type { Command, CommandContext } from '../command.ts';
import { type CommandParts, defineCommand } from '../define-command.ts';
import { type List, pageArgument, showList } from './show-list.ts';

/** The name of a row, and what else is known of it, in words or in nodes. */
type Entry = readonly [name: TextNode, ...parts: readonly (Part | readonly TextNode[])[]];

interface ListCommand<Row> extends Omit<CommandParts, 'run'>, Pick<List, 'emptyText' | 'footer'> {
  /** The schema of a row that the database returns for the name of the command. */
  readonly row: z.ZodType<Row>;
  /** `now` is the database's clock. */
  entry(row: Row, now: number, context: CommandContext): Entry;
  /** Other properties of the list. */
  extras?(rows: readonly Row[], context: CommandContext): Partial<List>;
}

/** Makes a command that reads rows and shows one line for each, page by page. */
export function listCommand<Row>(options: ListCommand<Row>): Command {
  const { row, entry, extras, emptyText, footer, ...command } = options;
  const { name, title, aliases = [] } = command;
  const singular = name.replace(/s$/u, '');
  return defineCommand({
    ...command,
    aliases: [`list ${name}`, `${name} list`, `${singular} list`, `show ${name}`, `ls ${name}`, ...aliases],
    arguments: [...(command.arguments ?? []), pageArgument],
    async run(context) {
      const rows = await queryRows(context, name, row);
      const now = context.services.now();
      await showList(context, {
        command: name,
        title,
        lines: rows.map((one) => lineOf(entry(one, now, context))),
        emptyText,
        ...(footer !== undefined && { footer }),
        ...extras?.(rows, context),
      });
    },
  });
}

export function lineOf([name, ...parts]: Entry): readonly TextNode[] {
  const known = parts.filter(Boolean);
  return [
    name,
    text(name.kind === 'code' ? ' ' : '  '),
    ...known.flatMap((part, at) => [
      ...(at === 0 ? [] : [text(', ')]),
      ...(typeof part === 'object' && part !== null ? part : [text(String(part))]),
    ]),
  ];
}

/** Reads the rows that the command's arguments select. */
export function queryRows<Row>(
  { services, delivery, values: { page: _page, ...values } }: CommandContext,
  what: string,
  row: z.ZodType<Row>,
): Promise<Row[]> {
  return services.api.read(delivery, what, { limit: 100, ...values }, row);
}
