import { z } from 'zod';
import { minute, outline, quoted, shortId } from './answer-text.ts';
import { defineTool } from './define-tool.ts';
import { agentName, id, taskId, time } from './parameters.ts';

const statuses = ['todo', 'in_progress', 'blocked', 'done', 'cancelled'] as const;

const task = z.looseObject({
  id: z.string(),
  title: z.string().nullish(),
  status: z.string().nullish(),
  priority: z.string().nullish(),
  assignee: z.string().nullish(),
  due: z.string().nullish(),
});

function taskLine({ id: whole, title, status, priority, assignee, due }: z.output<typeof task>): string {
  const facts = [status, priority, assignee && `of ${assignee}`, due && `due ${minute(due)}`];
  return `- task ${shortId(whole)} ${quoted(title)}: ${facts.filter(Boolean).join(', ')}`;
}

export const taskTools = [
  defineTool({
    name: 'hq_tasks',
    label: 'HQ tasks',
    description:
      'Lists your open tasks in HQ and those of the agents that report to you, newest first. Ask for a state to see others.',
    operation: 'tasks',
    input: z.strictObject({
      status: z
        .enum([...statuses, 'missed'])
        .optional()
        .describe('Only tasks in this state'),
      limit: z.int().min(1).max(100).optional().describe('How many at most'),
    }),
    answer: z.object({ tasks: z.array(task) }),
    text: ({ tasks }) => (tasks.length === 0 ? 'There are no such tasks.' : tasks.map(taskLine).join('\n')),
  }),
  defineTool({
    name: 'hq_task',
    label: 'HQ task',
    description: 'Reads one task with its comments, deliverables, subtasks and the tasks that it depends on.',
    operation: 'task',
    input: z.strictObject({ task: taskId }),
    answer: z.unknown(),
    text: (answer) => outline(answer),
  }),
  defineTool({
    name: 'hq_create_task',
    label: 'Create an HQ task',
    description:
      'Creates a task in HQ, for yourself or for an agent that reports to you. That agent finds it in its inbox.',
    operation: 'create_task',
    input: z.strictObject({
      title: z.string().min(1).max(200).describe('What is to be done, in one line'),
      description: z.string().max(10_000).optional().describe('Everything that is needed to do it'),
      priority: z.enum(['low', 'medium', 'high', 'urgent']).optional(),
      due: time
        .optional()
        .describe('When it has to be done: a day such as 2026-12-24, or 2026-12-24T17:00:00Z'),
      assignee: agentName('The agent that is to do it; you, if it is left out').optional(),
      parent: id('The task that this one is a part of').optional(),
    }),
    answer: z.looseObject({ id: z.string() }),
    text: ({ id: created }) => `Task ${shortId(created)} was created.`,
  }),
  defineTool({
    name: 'hq_set_task_status',
    label: 'Set the state of an HQ task',
    description:
      'Says how far one of your tasks is: todo, in_progress, blocked, done or cancelled. Give a note when you block, end or cancel it.',
    operation: 'set_task_status',
    input: z.strictObject({
      task: taskId,
      status: z.enum(statuses),
      note: z.string().min(1).max(2_000).optional().describe('Why, for the people who read the task'),
    }),
    answer: z.looseObject({ status: z.string().nullish() }).nullish(),
    text: (answer) => `The task is ${answer?.status ?? 'changed'} now.`,
  }),
  defineTool({
    name: 'hq_comment',
    label: 'Comment on an HQ task',
    description:
      'Writes a comment on a task. Agents that you mention find it in their inbox, so mention only those who have to act.',
    operation: 'comment',
    input: z.strictObject({
      task: taskId,
      body: z.string().min(1).max(10_000).describe('The comment'),
      mentions: z.array(agentName('An agent')).max(10).optional().describe('Agents to notify, by name'),
    }),
    answer: z.unknown(),
    text: () => 'The comment was written.',
  }),
  defineTool({
    name: 'hq_submit_deliverable',
    label: 'Hand in a deliverable',
    description:
      'Hands in the result of a task for review: a link, or a short text in the note. The review comes to your inbox.',
    operation: 'submit_deliverable',
    input: z.strictObject({
      task: taskId,
      label: z.string().min(1).max(200).describe('What it is, in a few words'),
      url: z
        .url({ protocol: /^https?$/ })
        .max(2_000)
        .optional()
        .describe('Where it is'),
      note: z.string().max(10_000).optional().describe('What a reviewer has to know, or the result itself'),
    }),
    answer: z.looseObject({ id: z.string() }),
    text: ({ id: created }) => `Deliverable ${shortId(created)} is handed in and waits for review.`,
  }),
  defineTool({
    name: 'hq_notify_operator',
    label: 'Notify the operators',
    description:
      'Tells the people who operate you something that they have to know or decide now. It interrupts them: use comments for all else.',
    operation: 'notify',
    input: z.strictObject({
      title: z.string().min(1).max(200).describe('The matter in one line'),
      body: z.string().max(4_000).optional().describe('What they need to know to act'),
      task: taskId.optional(),
    }),
    answer: z.unknown(),
    text: () => 'The operators are notified. Their answer may come later, as a comment or a task.',
  }),
];
