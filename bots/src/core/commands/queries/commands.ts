import { commandRow, commandStatuses, isFinished } from '@hq/shared/rows';
import { agoOf } from '@hq/shared/text';
import { z } from 'zod';
import { findAction } from '../../action-table.ts';
import { matchingLines } from '../../cards/matching-lines.ts';
import { commandState, lastLines } from '../../cards/render-command-card.ts';
import type { Command, CommandContext } from '../command.ts';
import { actionButtons } from './action-buttons.ts';
import { listCommand } from './list-command.ts';
import { choiceArgument, listAliases, queryDefaults, textArgument } from './query-defaults.ts';
import { code, joinParts, pageArgument, text, turnPages } from './show-list.ts';

const seenCommand = commandRow.extend({
  gateway: z.string().nullish(),
  requested_by_email: z.string().nullish(),
});
const output = z.object({
  command_id: z.string(),
  action: z.string(),
  status: z.string(),
  text: z.string(),
  cut: z.boolean(),
});

const titleOf = ({ services }: CommandContext, action: string): string =>
  findAction(services.actions, action)?.title ?? action;

export const commandCommands: readonly Command[] = [
  listCommand({
    name: 'commands',
    aliases: [...listAliases('commands'), 'history'],
    title: 'Commands',
    summary: 'Lists the newest commands and how each ended.',
    arguments: [
      choiceArgument('status', 'Only these', commandStatuses),
      textArgument('gateway', 'gateway', 'Only those of this gateway'),
      textArgument('agent', 'agent', 'Only those for this agent'),
    ],
    rank: 5,
    row: seenCommand,
    line: (row, now, context) => [
      code(row.id.slice(0, 8)),
      text(
        ` ${joinParts(titleOf(context, row.action), row.agent_slug ?? row.gateway, commandState(row, now).state, agoOf(row.created_at, now))}`,
      ),
    ],
    emptyText: 'No commands.',
    footer: 'command ID shows one.',
  }),
  {
    ...queryDefaults,
    name: 'command',
    group: 'show',
    aliases: ['show command'],
    title: 'One command',
    summary: 'Shows one command with the end of its output.',
    arguments: [textArgument('command', 'command', 'The command’s id, or its first characters', true)],
    rank: 6,
    async run(context) {
      const { delivery, services, values } = context;
      const id = values.command ?? '';
      const [row] = await services.api.read(delivery, 'command', { id }, seenCommand);
      if (row === undefined) return;
      const [written] = await services.api.read(delivery, 'output', { id, lines: 30 }, output);
      const { state, tone } = commandState(row, services.now());
      const log = lastLines(written?.text ?? '', 1_500, 30);
      await context.responder.replace({
        title: titleOf(context, row.action),
        tone,
        state,
        fields: [
          { label: 'For', value: row.agent_slug ?? row.gateway ?? 'the workspace' },
          { label: 'Asked by', value: joinParts(row.requested_by_email ?? 'nobody known', row.origin) },
        ],
        body: [
          ...(row.error_message === null ? [] : [text(`${row.error_message}\n`)]),
          ...(log === '' ? [] : [{ kind: 'log' as const, text: log }]),
        ],
        buttons: actionButtons(
          context,
          [
            !isFinished(row) && ['Cancel', 'cancel'],
            (written?.text.length ?? 0) > log.length && ['All output', 'output'],
          ],
          { command: row.id },
        ),
        footer: row.id,
      });
    },
  },
  {
    ...queryDefaults,
    name: 'output',
    group: 'show',
    aliases: [],
    title: 'Output of a command',
    summary: 'Shows the output of a command, page by page or as a file.',
    arguments: [
      textArgument('command', 'command', 'The command’s id, or its first characters', true),
      textArgument('grep', null, 'Only lines that contain this'),
      pageArgument,
    ],
    private: true,
    rank: 60,
    async run(context) {
      const { delivery, services, values } = context;
      const { platform } = delivery.sender;
      const [written] = await services.api.read(
        delivery,
        'output',
        { id: values.command ?? '', lines: 1000 },
        output,
      );
      if (written === undefined) return;
      const lines = matchingLines(written.text, values.grep);
      const all = lines.join('\n');
      const { maxText, files } = services.capabilities(platform);
      // Everybody in a channel would see a file, so only direct messages get one.
      if (files && all.length > maxText * 3 && delivery.sender.kind === 'direct') {
        const sent = await services.outbox(platform).file(delivery.sender, {
          name: `${written.action}-${written.command_id.slice(0, 8)}.txt`,
          text: all,
          note: `${lines.length} lines of ${titleOf(context, written.action)}`,
        });
        // A press needs no answer beside the file.
        if (sent.ok && context.responder.message !== null) return;
        if (sent.ok) {
          await context.responder.answer({
            title: 'The output is in the file',
            tone: 'neutral',
            state: `${lines.length} lines`,
          });
          return;
        }
      }
      await showPages(context, 'output', titleOf(context, written.action), all);
    },
  },
];

async function showPages(
  context: CommandContext,
  command: string,
  title: string,
  all: string,
): Promise<void> {
  const { delivery, services, values } = context;
  const { maxText } = services.capabilities(delivery.sender.platform);
  const pages = cutIntoPages(all, Math.max(500, maxText - 300));
  // The end of a log matters most.
  const { user } = delivery.sender;
  const { number, buttons, page } = turnPages(context, command, pages.length, pages.length, user);
  await (values.page === undefined ? context.responder.answer : context.responder.replace)({
    title,
    tone: 'neutral',
    body: all === '' ? [text('There is no output.')] : [{ kind: 'log', text: pages[number - 1] ?? '' }],
    buttons,
    ...page,
  });
}

function cutIntoPages(all: string, limit: number): string[] {
  const pages: string[] = [];
  let current = '';
  for (const line of all.split('\n')) {
    for (const part of line.length <= limit
      ? [line]
      : (line.match(new RegExp(`.{1,${limit}}`, 'gsu')) ?? [])) {
      if (current !== '' && current.length + part.length + 1 > limit) {
        pages.push(current);
        current = part;
      } else {
        current = current === '' ? part : `${current}\n${part}`;
      }
    }
  }
  return [...pages, current];
}
