import { age } from '@hq/shared/text';
import { z } from 'zod';
import { code, fieldsOf, newLine, shortId, strong, text } from '../../cards/card-parts.ts';
import { agentArgument, humanize, idArgument, statusArgument } from '../arguments.ts';
import type { Command } from '../command.ts';
import { actionButtons } from './action-buttons.ts';
import { deliverable, deliverableEntry } from './deliverables.ts';
import { lineOf, listCommand } from './list-command.ts';
import { recordCommand } from './record-command.ts';

const task = z.object({
  id: z.string(),
  title: z.string().nullable(),
  status: z.string(),
  agent: z.string().nullable(),
  description: z.string().nullish(),
  priority: z.string().nullish(),
  due_date: z.string().nullish(),
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

export const taskCommands: readonly Command[] = [
  listCommand({
    name: 'tasks',
    title: 'Tasks',
    summary: 'Lists the tasks that are open.',
    arguments: [
      agentArgument(),
      statusArgument('open', 'all', 'todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed'),
    ],
    rank: 7,
    row: task,
    entry: ({ id, title, status, priority, agent, due_date }) => [
      code(shortId(id)),
      title ?? 'untitled',
      humanize(status),
      priority !== 'medium' && priority,
      agent ?? 'nobody',
      due_date && `due ${due_date.slice(0, 10)}`,
    ],
    emptyText: 'No tasks.',
    footer: '`task ID` shows one.',
    extras: (_rows, context) => ({ buttons: actionButtons(context, {}, ['New task', 'create_task']) }),
  }),
  recordCommand({
    name: 'task',
    title: 'One task',
    summary: 'Shows a task with its comments and deliverables.',
    arguments: [idArgument('task')],
    rank: 8,
    row: wholeTask,
    limit: 5,
    card: (row, context) => ({
      title: row.title ?? 'Untitled task',
      tone: row.status === 'blocked' ? 'warning' : row.status === 'done' ? 'good' : 'neutral',
      state: humanize(row.status),
      fields: fieldsOf(
        ['Agent', row.agent ?? 'nobody yet'],
        ['Priority', row.priority ?? 'medium'],
        ['Due', row.due_date?.slice(0, 16).replace('T', ' ')],
      ),
      body: [
        ...(row.description ? [text(`${row.description}\n`)] : []),
        ...row.comments.flatMap(({ agent, actor_type, created_at, body }) => [
          strong(`\n${agent ?? actor_type}`),
          text(` ${age(context.services.now() - Date.parse(created_at))}\n${body}\n`),
        ]),
        ...row.deliverables.flatMap((one) => [newLine, ...lineOf(deliverableEntry(one))]),
      ],
      buttons: actionButtons(
        context,
        { task: row.id },
        ['Comment', 'comment_on_task'],
        ['Assign', 'assign_task'],
        ['Set status', 'set_task_status'],
      ),
      footer: row.id,
    }),
  }),
];
