import type { z } from 'zod';
import type { Card } from '../../../contract/card.ts';
import type { Command, CommandContext } from '../command.ts';
import { type CommandParts, defineCommand } from '../define-command.ts';

interface RecordCommand<Row> extends Omit<CommandParts, 'run' | 'group'> {
  /** The schema of the row that the database returns for the name of the command. */
  readonly row: z.ZodType<Row>;
  /** Other arguments of the read. */
  readonly limit?: number;
  card(row: Row, context: CommandContext): Card | Promise<Card>;
}

/** Makes a command that shows one row. Its argument has the name of the command. */
export function recordCommand<Row>({ row, limit, card, ...command }: RecordCommand<Row>): Command {
  const { name } = command;
  return defineCommand({
    ...command,
    group: 'show',
    aliases: [`show ${name}`, ...(command.aliases ?? [])],
    async run(context) {
      const { delivery, services, responder, values } = context;
      const wanted = values[name];
      const args = name === 'agent' ? { agent: wanted } : { id: wanted, limit };
      const [found] = await services.api.read(delivery, name, args, row);
      if (found !== undefined) await responder.replace(await card(found, context));
    },
  });
}
