import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import { quote } from '../parse/quote.ts';
import { idArgument } from './arguments.ts';
import type { CommandContext } from './command.ts';
import { defineCommand } from './define-command.ts';

const id = z.uuid();

export const cancel = defineCommand({
  name: 'cancel',
  aliases: ['stop', 'abort'],
  title: 'Cancel a command',
  summary: 'Cancels a command that waits or runs.',
  arguments: [idArgument('command', 'unfinished')],
  rank: 30,
  async run(context) {
    const { delivery, values, services, responder } = context;
    const commandId = await wholeId(context, values.command ?? '');
    const { command: row, asked_by: askedBy } = await services.api.cancel(delivery, {
      p_command_id: commandId,
    });
    // The card of a pressed button is followed already.
    if (responder.message === null) await services.cards.show(responder, row, { askedBy: askedBy ?? null });
  },
});

/** People pass on the first characters of an id. */
async function wholeId({ delivery, services }: CommandContext, written: string): Promise<string> {
  if (id.safeParse(written).success) return written;
  const found = await services.autocomplete.find(delivery, 'command', written.toLowerCase());
  const matching = found.filter(({ value }) => value.startsWith(written.toLowerCase()));
  const [only] = matching;
  if (only === undefined || matching.length > 1 || written.length < 4) {
    throw new HqError('not_found', `${quote(written, 40)} is not the id of one command.`, {
      hint: 'Type `commands` to see the commands with their ids.',
      field: 'command',
    });
  }
  return only.value;
}
