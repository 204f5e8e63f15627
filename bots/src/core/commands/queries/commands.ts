import { commandRow, commandStatuses, isFinished } from '@hq/shared/rows';
import { counted } from '@hq/shared/text';
import { z } from 'zod';
import { findAction } from '../../action-table.ts';
import { code, fieldsOf, joinParts, moment, newLine, shortId, text } from '../../cards/card-parts.ts';
import { matchingLines } from '../../cards/matching-lines.ts';
import { commandState, lastLines } from '../../cards/render-command-card.ts';
import { agentArgument, gatewayArgument, idArgument, statusArgument, textArgument } from '../arguments.ts';
import type { Command, CommandContext } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { actionButtons } from './action-buttons.ts';
import { listCommand } from './list-command.ts';
import { recordCommand } from './record-command.ts';
import { pageArgument, paginate, piecesOf, turnPages } from './show-list.ts';

const seenCommand = commandRow.extend({
  gateway: z.string().nullish(),
  requested_by_email: z.string().nullish(),
});
const output = z.object({ command_id: z.string(), action: z.string(), text: z.string() });

const titleOf = ({ services }: CommandContext, action: string): string =>
  findAction(services.actions, action)?.title ?? action;

async function readOutput({ delivery, services }: CommandContext, id: string, lines: number) {
  const [written] = await services.api.read(delivery, 'output', { id, lines }, output);
  return written;
}

const outputCommand = defineCommand({
  name: 'output',
  group: 'show',
  title: 'Output of a command',
  summary: 'Shows the output of a command, page by page or as a file.',
  arguments: [idArgument('command'), textArgument('grep', 'Only lines that contain this'), pageArgument],
  private: true,
  rank: 60,
  async run(context) {
    const { delivery, services, responder, values } = context;
    const { platform, kind } = delivery.sender;
    const written = await readOutput(context, values.command ?? '', 1000);
    if (written === undefined) return;
    const lines = matchingLines(written.text, values.grep);
    const all = lines.join('\n');
    const title = titleOf(context, written.action);
    const { maxText, files } = services.capabilities(platform);
    // Everybody in a channel would see a file, so only direct messages get one.
    if (files && all.length > maxText * 3 && kind === 'direct') {
      const name = `${written.action}-${shortId(written.command_id)}.txt`;
      const file = { name, text: all, note: `${counted(lines.length, 'line')} of ${title}` };
      const sent = await services.outbox(platform).file(delivery.sender, file);
      // A press needs no answer beside the file.
      if (sent.ok && responder.message !== null) return;
      if (sent.ok) {
        const state = counted(lines.length, 'line');
        await responder.answer({ title: 'The output is in the file', tone: 'neutral', state });
        return;
      }
    }
    await showPages(context, title, all);
  },
});

async function showPages(context: CommandContext, title: string, all: string): Promise<void> {
  const { delivery, services, responder, values } = context;
  const { maxText } = services.capabilities(delivery.sender.platform);
  const limit = Math.max(500, maxText - 300);
  // A line that is longer than a page is cut.
  const lines = all.split('\n').flatMap((line) => piecesOf(line, limit));
  const pages = paginate(lines, limit, ({ length }) => length);
  // The end of a log matters most.
  const { user } = delivery.sender;
  const { number, buttons, page } = turnPages(context, 'output', pages.length, pages.length, user);
  await (values.page === undefined ? responder.answer : responder.replace)({
    title,
    tone: 'neutral',
    body:
      all === ''
        ? [text('There is no output.')]
        : [{ kind: 'log', text: pages[number - 1]?.join('\n') ?? '' }],
    buttons,
    ...page,
  });
}

export const commandCommands: readonly Command[] = [
  listCommand({
    name: 'commands',
    aliases: ['history'],
    title: 'Commands',
    summary: 'Lists the newest commands and how each ended.',
    arguments: [
      statusArgument(...commandStatuses),
      gatewayArgument(),
      agentArgument('Only those for this agent'),
    ],
    rank: 5,
    row: seenCommand,
    entry: (row, now, context) => [
      code(shortId(row.id)),
      titleOf(context, row.action),
      row.agent_slug ?? row.gateway,
      commandState(row, now).state,
      row.requested_by_email && `by ${row.requested_by_email}`,
      [moment(row.created_at, now)],
    ],
    emptyText: 'No commands.',
    footer: '`command ID` shows one.',
  }),
  recordCommand({
    name: 'command',
    title: 'One command',
    summary: 'Shows one command with the end of its output.',
    arguments: [idArgument('command')],
    rank: 6,
    row: seenCommand,
    async card(row, context) {
      const written = (await readOutput(context, row.id, 30))?.text ?? '';
      const log = lastLines(written, 1_500, 30);
      return {
        title: titleOf(context, row.action),
        ...commandState(row, context.services.now()),
        fields: fieldsOf(
          ['For', row.agent_slug ?? row.gateway ?? 'the workspace'],
          ['Asked by', joinParts(row.requested_by_email ?? 'nobody known', row.origin)],
        ),
        body: [
          text('Asked '),
          moment(row.created_at, context.services.now()),
          newLine,
          ...(row.error_message === null ? [] : [text(`${row.error_message}\n`)]),
          ...(log === '' ? [] : [{ kind: 'log' as const, text: log }]),
        ],
        buttons: actionButtons(
          context,
          { command: row.id },
          !isFinished(row) && ['Cancel', 'cancel'],
          written.length > log.length && ['All output', 'output'],
        ),
        footer: row.id,
      };
    },
  }),
  outputCommand,
];
