import { commandRow, commandStatuses, isFinished } from '@hq/shared/rows';
import { z } from 'zod';
import type { Button } from '../../../contract/card.ts';
import type { Command } from '../../../contract/command.ts';
import type { Asked } from '../../../contract/command-context.ts';
import { actionOf } from '../../action-table.ts';
import { ago } from '../../cards/ago.ts';
import { linesHolding } from '../../cards/matching-lines.ts';
import { stateOf, tail } from '../../cards/render-command-card.ts';
import { by, filter, listed, looking, oneOf } from './query-defaults.ts';
import { code, joined, page, showList, text } from './show-list.ts';

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

const titleOf = ({ house }: Asked, action: string): string =>
  actionOf(house.actions, action)?.title ?? action;

export const commandCommands: readonly Command[] = [
  {
    ...looking,
    name: 'commands',
    aliases: [...listed('commands'), 'history'],
    title: 'Commands',
    summary: 'Lists the newest commands and how each ended.',
    arguments: [
      oneOf('status', 'Only these', commandStatuses),
      by('gateway', 'gateway', 'Only those of this gateway'),
      by('agent', 'agent', 'Only those for this agent'),
      page,
    ],
    rank: 5,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'commands', filter(asked.values), seenCommand);
      const now = asked.house.now();
      await showList(asked, {
        command: 'commands',
        title: 'Commands',
        lines: rows.map((row) => [
          code(row.id.slice(0, 8)),
          text(
            ` ${joined(titleOf(asked, row.action), row.agent_slug ?? row.gateway, stateOf(row, now).state, ago(now - Date.parse(row.created_at)))}`,
          ),
        ]),
        none: 'No commands.',
        footer: 'command ID shows one.',
      });
    },
  },
  {
    ...looking,
    name: 'command',
    group: 'show',
    aliases: ['show command'],
    title: 'One command',
    summary: 'Tells how one command went, with the end of what it wrote.',
    arguments: [by('command', 'command', 'The command’s id, or its first characters', true)],
    rank: 6,
    async run(asked) {
      const { said, house, values } = asked;
      const id = values.command ?? '';
      const [row] = await house.hq.read(said, 'command', { id }, seenCommand);
      if (row === undefined) return;
      const [written] = await house.hq.read(said, 'output', { id, lines: 30 }, output);
      const { state, tone } = stateOf(row, house.now());
      const offer = (label: string, command: string): Button =>
        house.buttons.offer(said.speaker, {
          label,
          intent: { command, values: { command: row.id } },
          user: null,
        });
      const log = tail(written?.text ?? '', 1_500, 30);
      await asked.replace({
        title: titleOf(asked, row.action),
        tone,
        state,
        fields: [
          { label: 'For', value: row.agent_slug ?? row.gateway ?? 'the workspace' },
          { label: 'Asked by', value: joined(row.requested_by_email ?? 'nobody known', row.origin) },
        ],
        body: [
          ...(row.error_message === null ? [] : [text(`${row.error_message}\n`)]),
          ...(log === '' ? [] : [{ kind: 'log' as const, text: log }]),
        ],
        buttons: [
          ...(isFinished(row) ? [] : [offer('Cancel', 'cancel')]),
          ...((written?.text.length ?? 0) > log.length ? [offer('All output', 'output')] : []),
        ],
        footer: row.id,
      });
    },
  },
  {
    ...looking,
    name: 'output',
    group: 'show',
    aliases: [],
    title: 'Output of a command',
    summary: 'Shows what a command wrote, page by page or as a file.',
    arguments: [
      by('command', 'command', 'The command’s id, or its first characters', true),
      by('grep', null, 'Only lines that hold this'),
      page,
    ],
    private: true,
    rank: 60,
    async run(asked) {
      const { said, house, values } = asked;
      const { platform } = said.speaker;
      const [written] = await house.hq.read(
        said,
        'output',
        { id: values.command ?? '', lines: 1000 },
        output,
      );
      if (written === undefined) return;
      const lines = linesHolding(written.text, values.grep);
      const all = lines.join('\n');
      const { maxText, files } = house.capabilities(platform);
      // A file in a channel is seen by everybody there: only who is alone with the bot gets one.
      if (files && all.length > maxText * 3 && said.speaker.kind === 'direct') {
        const sent = await house.outbox(platform).file(said.speaker, {
          name: `${written.action}-${written.command_id.slice(0, 8)}.txt`,
          text: all,
          note: `${lines.length} lines of ${titleOf(asked, written.action)}`,
        });
        // A press waits for no answer, and the file says what it is.
        if (sent.ok && asked.message !== null) return;
        if (sent.ok) {
          await asked.answer({
            title: 'The output is in the file',
            tone: 'neutral',
            state: `${lines.length} lines`,
          });
          return;
        }
      }
      await showPages(asked, 'output', titleOf(asked, written.action), all);
    },
  },
];

async function showPages(asked: Asked, command: string, title: string, all: string): Promise<void> {
  const { said, house, values } = asked;
  const { maxText } = house.capabilities(said.speaker.platform);
  const pages = cutIntoPages(all, Math.max(500, maxText - 300));
  // What a log ends with is what one looks for.
  const number = Math.min(Math.max(1, Number(values.page ?? pages.length)), pages.length);
  const turn = (label: string, to: number): Button =>
    house.buttons.offer(said.speaker, {
      label,
      intent: { command, values: { ...values, page: String(to) } },
      user: said.speaker.user,
      seconds: 3_600,
    });
  await (values.page === undefined ? asked.answer : asked.replace)({
    title,
    tone: 'neutral',
    body: all === '' ? [text('It wrote nothing.')] : [{ kind: 'log', text: pages[number - 1] ?? '' }],
    buttons: [
      ...(number > 1 ? [turn('Previous', number - 1)] : []),
      ...(number < pages.length ? [turn('Next', number + 1)] : []),
    ],
    ...(pages.length > 1 && { page: { number, of: pages.length } }),
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
