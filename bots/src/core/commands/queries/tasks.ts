import { age } from '@hq/shared/text';
import { z } from 'zod';
import type { Command } from '../command.ts';
import { actionButtons } from './action-buttons.ts';
import { deliverable, deliverableLine } from './deliverables.ts';
import { listCommand } from './list-command.ts';
import {
  agentArgument,
  choiceArgument,
  listAliases,
  openStatuses,
  queryDefaults,
  textArgument,
} from './query-defaults.ts';
import { code, humanize, joinParts, strong, text } from './show-list.ts';

const task = z.object({
  id: z.string(),
  title: z.string().nullable(),
  status: z.string(),
  agent: z.string().nullable(),
  created_at: z.string(),
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

const tasks = listCommand({
  name: 'tasks',
  aliases: listAliases('tasks'),
  title: 'Tasks',
  summary: 'Lists the tasks that are open.',
  arguments: [
    agentArgument,
    choiceArgument(
      'status',
      'Only these',
      openStatuses(['todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed']),
    ),
  ],
  rank: 7,
  row: task,
  line: (row) => [
    code(row.id.slice(0, 8)),
    text(
      ` ${joinParts(row.title ?? 'untitled', humanize(row.status), row.priority !== 'medium' && row.priority, row.agent ?? 'nobody', row.due_date && `due ${row.due_date.slice(0, 10)}`)}`,
    ),
  ],
  emptyText: 'No tasks.',
  footer: 'task ID shows one.',
  extras: (_rows, context) => ({ buttons: actionButtons(context, [['New task', 'create_task']], {}) }),
});

const oneTask: Command = {
  ...queryDefaults,
  name: 'task',
  group: 'show',
  aliases: ['show task'],
  title: 'One task',
  summary: 'Shows a task with its comments and deliverables.',
  arguments: [textArgument('task', 'task', 'The task’s id, or its first eight characters', true)],
  rank: 8,
  async run(context) {
    const { delivery, services, values } = context;
    const [row] = await services.api.read(delivery, 'task', { id: values.task ?? '', limit: 5 }, wholeTask);
    if (row === undefined) return;
    const now = services.now();
    await context.responder.replace({
      title: row.title ?? 'Untitled task',
      tone: row.status === 'blocked' ? 'warning' : row.status === 'done' ? 'good' : 'neutral',
      state: humanize(row.status),
      fields: [
        { label: 'Agent', value: row.agent ?? 'nobody yet' },
        { label: 'Priority', value: row.priority ?? 'medium' },
        ...(row.due_date ? [{ label: 'Due', value: row.due_date.slice(0, 16).replace('T', ' ') }] : []),
      ],
      body: [
        ...(row.description ? [text(`${row.description}\n`)] : []),
        ...row.comments.flatMap((comment) => [
          strong(`\n${comment.agent ?? comment.actor_type}`),
          text(` ${age(now - Date.parse(comment.created_at))}\n${comment.body}\n`),
        ]),
        ...row.deliverables.flatMap((one) => [text('\n'), ...deliverableLine(one)]),
      ],
      buttons: actionButtons(
        context,
        [
          ['Comment', 'comment_on_task'],
          ['Assign', 'assign_task'],
          ['Set status', 'set_task_status'],
        ],
        { task: row.id },
      ),
      footer: row.id,
    });
  },
};

export const taskCommands: readonly Command[] = [tasks, oneTask];
