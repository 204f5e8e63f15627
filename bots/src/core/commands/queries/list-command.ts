import type { z } from 'zod';
import type { TextNode } from '../../../contract/card.ts';
import type { Command, CommandContext } from '../command.ts';
import { queryDefaults, queryRows } from './query-defaults.ts';
import { type List, pageArgument, showList } from './show-list.ts';

interface ListCommand<Row>
  extends Pick<Command, 'name' | 'aliases' | 'title' | 'summary' | 'arguments' | 'rank'>,
    Partial<Pick<Command, 'group' | 'private'>>,
    Pick<List, 'emptyText' | 'footer'> {
  /** The schema of a row that the database returns for the name of the command. */
  readonly row: z.ZodType<Row>;
  /** `now` is the database's clock. */
  line(row: Row, now: number, context: CommandContext): readonly TextNode[];
  /** Other properties of the list. */
  extras?(rows: readonly Row[], context: CommandContext): Partial<List>;
}

/** Makes a command that reads rows and shows one line for each, page by page. */
export function listCommand<Row>(options: ListCommand<Row>): Command {
  const { row, line, extras, emptyText, footer, ...command } = options;
  const { name, title } = command;
  return {
    ...queryDefaults,
    ...command,
    arguments: [...command.arguments, pageArgument],
    async run(context) {
      const rows = await queryRows(context, name, row);
      const now = context.services.now();
      await showList(context, {
        command: name,
        title,
        lines: rows.map((one) => line(one, now, context)),
        emptyText,
        ...(footer !== undefined && { footer }),
        ...extras?.(rows, context),
      });
    },
  };
}
