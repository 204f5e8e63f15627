import { z } from 'zod';
import { defineAction } from '../action.ts';
import { agentSlug, entity, idOf, onWorkspace, shortId, text } from './payload-parts.ts';

const statuses = ['todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed'] as const;
const priorities = ['low', 'medium', 'high', 'urgent'] as const;
const task = () => z.object({ ...entity(), status: z.string(), agent: z.string().nullable() });
const onTask = { ...onWorkspace, about: 'task' } as const;
const named = ({ id, title }: { readonly id: string; readonly title: string }): string =>
  `task ${shortId(id)} (${title})`;

/** Actions on tasks. */
export const taskActions = {
  create_task: defineAction({
    ...onTask,
    title: 'Create a task',
    summary: 'Creates a task, for an agent or for nobody yet.',
    payload: () =>
      z.strictObject({
        title: text(300).describe('The task in one line'),
        description: z.string().max(8000).optional().describe('Details of the task'),
        priority: z.enum(priorities).default('medium').describe('Priority of the task'),
        due_date: z
          .string()
          .regex(
            /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/,
            'a date such as 2026-12-24, or a time such as 2026-12-24T18:00Z',
          )
          .optional()
          .meta({
            title: 'Due',
            description: 'A date such as 2026-12-24, or a time such as 2026-12-24T18:00Z',
          }),
        agent: agentSlug().optional(),
      }),
    result: task,
    describe: (row) => `${named(row)} ${row.agent === null ? 'for nobody yet' : `for ${row.agent}`}`,
  }),
  assign_task: defineAction({
    ...onTask,
    title: 'Assign a task',
    summary: 'Assigns a task to an agent, which is notified at once.',
    payload: () => z.strictObject({ task: idOf('task'), agent: agentSlug() }),
    result: task,
    describe: (row) => `${named(row)} is ${row.agent}’s`,
  }),
  set_task_status: defineAction({
    ...onTask,
    title: 'Set a task’s status',
    summary: 'Changes the status of a task.',
    payload: () =>
      z.strictObject({
        task: idOf('task'),
        status: z.enum(statuses).describe('The new status'),
      }),
    result: task,
    describe: (row) => `${named(row)} is ${row.status.replaceAll('_', ' ')}`,
  }),
  comment_on_task: defineAction({
    ...onTask,
    title: 'Comment on a task',
    summary: 'Adds a comment to a task. Agents that it mentions as @slug are notified.',
    payload: () =>
      z.strictObject({
        task: idOf('task'),
        body: text(8000).meta({
          title: 'Comment',
          description: 'The comment; agents that it mentions as @slug are notified',
        }),
      }),
    result: () => z.object({ ...entity(), mentions: z.array(z.string()) }),
    describe: ({ mentions, ...row }) =>
      `commented on ${named(row)}${mentions.length === 0 ? '' : `, notified ${mentions.join(', ')}`}`,
  }),
} as const;
