import { age } from '@hq/shared/text';
import { z } from 'zod';
import type { Command } from '../../../contract/command.ts';
import { actionButtons } from './action-buttons.ts';
import { deliverable, deliverableLine } from './deliverables.ts';
import { by, filter, listed, looking, ofAgent, oneOf, openOr } from './query-defaults.ts';
import { code, joined, page, showList, spaced, strong, text } from './show-list.ts';

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

const tasks: Command = {
  ...looking,
  name: 'tasks',
  aliases: listed('tasks'),
  title: 'Tasks',
  summary: 'Lists the tasks that are open.',
  arguments: [
    ofAgent,
    oneOf('status', 'Only these', openOr(['todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed'])),
    page,
  ],
  rank: 7,
  async run(asked) {
    const rows = await asked.house.hq.read(asked.said, 'tasks', filter(asked.values), task);
    await showList(asked, {
      command: 'tasks',
      title: 'Tasks',
      lines: rows.map((row) => [
        code(row.id.slice(0, 8)),
        text(
          ` ${joined(row.title ?? 'untitled', spaced(row.status), row.priority !== 'medium' && row.priority, row.agent ?? 'nobody', row.due_date && `due ${row.due_date.slice(0, 10)}`)}`,
        ),
      ]),
      none: 'No tasks.',
      footer: 'task ID shows one.',
      buttons: actionButtons(asked, [['New task', 'create_task']], {}),
    });
  },
};

const oneTask: Command = {
  ...looking,
  name: 'task',
  group: 'show',
  aliases: ['show task'],
  title: 'One task',
  summary: 'Shows a task with what was said about it and what came out of it.',
  arguments: [by('task', 'task', 'The task’s id, or its first eight characters', true)],
  rank: 8,
  async run(asked) {
    const { said, house, values } = asked;
    const [row] = await house.hq.read(said, 'task', { id: values.task ?? '', limit: 5 }, wholeTask);
    if (row === undefined) return;
    const now = house.now();
    await asked.replace({
      title: row.title ?? 'Untitled task',
      tone: row.status === 'blocked' ? 'warning' : row.status === 'done' ? 'good' : 'neutral',
      state: spaced(row.status),
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
        asked,
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
