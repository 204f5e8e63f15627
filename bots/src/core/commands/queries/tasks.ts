import { taskStatuses } from '@hq/shared/rows';
import { z } from 'zod';
import type { TextNode } from '../../../contract/card.ts';
import { code, fieldsOf, linesOf, moment, shortId, strong, text } from '../../cards/card-parts.ts';
import { agentArgument, humanize, idArgument, statusArgument } from '../arguments.ts';
import type { Command } from '../command.ts';
import { actionButtons } from './action-buttons.ts';
import { deliverable, deliverableEntry } from './deliverables.ts';
import { lineOf, listCommand } from './list-command.ts';
import { recordCommand } from './record-command.ts';
import { pageArgument, paginate, piecesOf, turnPages } from './show-list.ts';

const task = z.object({
  id: z.string(),
  title: z.string().nullable(),
  status: z.string(),
  agent: z.string().nullable(),
  description: z.string().nullish(),
  priority: z.string().nullish(),
  due_date: z.string().nullish(),
  waits: z.object({ text: z.string() }).nullish(),
});
const wholeTask = task.extend({
  comments: z.array(
    z.object({
      created_at: z.string(),
      body: z.string(),
      actor_type: z.string(),
      agent: z.string().nullable(),
    }),
  ),
  deliverables: z.array(deliverable),
});

const mostComments = 50;

export const taskCommands: readonly Command[] = [
  listCommand({
    name: 'tasks',
    title: 'Tasks',
    summary: 'Lists the tasks that are open.',
    arguments: [agentArgument(), statusArgument('open', 'all', ...taskStatuses)],
    rank: 7,
    row: task,
    entry: ({ id, title, status, priority, agent, due_date, waits }) => [
      code(shortId(id)),
      title ?? 'untitled',
      humanize(status),
      priority !== 'medium' && priority,
      agent ?? 'nobody',
      due_date && `due ${due_date.slice(0, 10)}`,
      waits?.text ?? null,
    ],
    emptyText: 'No tasks.',
    footer: '`task ID` shows one.',
    extras: (_rows, context) => ({ buttons: actionButtons(context, {}, ['New task', 'create_task']) }),
  }),
  recordCommand({
    name: 'task',
    title: 'One task',
    summary: 'Shows a task with its comments and deliverables.',
    arguments: [idArgument('task'), pageArgument],
    rank: 8,
    row: wholeTask,
    limit: mostComments,
    card(row, context) {
      const { services, delivery } = context;
      const { maxText } = services.capabilities(delivery.sender.platform);
      // Escapes make a text longer.
      const limit = Math.floor(maxText * 0.8);
      const sizeOf = (line: readonly TextNode[]): number =>
        line.reduce((sum, node) => sum + node.text.length, 0);
      const pages = paginate(linesOfTask(row, services.now(), limit), limit, sizeOf);
      const values = { ...context.values, task: row.id };
      const { number, buttons, page } = turnPages({ ...context, values }, 'task', pages.length, 1, null);
      return {
        title: row.title ?? 'Untitled task',
        tone: row.status === 'blocked' ? 'warning' : row.status === 'done' ? 'good' : 'neutral',
        state: humanize(row.status),
        fields: fieldsOf(
          ['Agent', row.agent ?? 'nobody yet'],
          ['Priority', row.priority ?? 'medium'],
          ['Waits', row.waits?.text ?? ''],
          ['Due', row.due_date?.slice(0, 16).replace('T', ' ')],
        ),
        body: linesOf(pages[number - 1] ?? []),
        buttons: [
          ...buttons,
          ...actionButtons(
            context,
            { task: row.id },
            ['Comment', 'comment_on_task'],
            ['Assign', 'assign_task'],
            ['Set status', 'set_task_status'],
          ),
        ],
        ...page,
        footer: row.id,
      };
    },
  }),
];

/** The description, the comments and the deliverables, in pieces that a page holds. */
function linesOfTask(task: z.output<typeof wholeTask>, now: number, limit: number): (readonly TextNode[])[] {
  const written = (words: string): TextNode[][] =>
    words.split('\n').flatMap((line) => piecesOf(line, limit).map((piece) => [text(piece)]));
  return [
    ...(task.description ? written(task.description) : []),
    ...task.comments.flatMap(({ agent, actor_type, created_at, body }) => [
      [strong(`\n${agent ?? actor_type}`), text(' '), moment(created_at, now)],
      ...written(body),
    ]),
    ...(task.deliverables.length === 0 ? [] : [[text('')]]),
    ...task.deliverables.map((one) => lineOf(deliverableEntry(one))),
  ];
}
