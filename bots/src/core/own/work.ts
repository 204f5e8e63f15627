import { age } from '@hq/shared/text';
import { z } from 'zod';
import type { Asked } from '../asked.ts';
import type { Button, TextNode } from '../card.ts';
import type { Command } from '../command.ts';
import { tellBudget } from './fleet.ts';
import { code, joined, page, showList, strong, text } from './list.ts';
import { by, filter, looking, oneOf } from './looking.ts';

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
const deliverable = z.object({
  id: z.string(),
  title: z.string().nullable(),
  url: z.string().nullish(),
  review_status: z.string().nullable(),
  review_note: z.string().nullish(),
  agent: z.string().nullish(),
  created_at: z.string(),
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
const inboxItem = z.object({
  id: z.string(),
  created_at: z.string(),
  event_type: z.string(),
  status: z.string(),
  attempt_count: z.number().nullable(),
  summary: z.string().nullable(),
  agent: z.string().nullable(),
});
const usage = z.object({
  agent: z.string().nullable(),
  cost_usd: z.number().nullable(),
  tokens: z.number().nullable(),
  runs: z.number(),
  today_usd: z.number().nullable(),
});
const budget = z.object({
  agent: z.string(),
  limit_usd: z.number().nullable(),
  spent_usd: z.number(),
  status: z.string(),
});
const openOr = (more: readonly string[]): readonly string[] => ['open', 'all', ...more];
const spaced = (word: string): string => word.replaceAll('_', ' ');
const agent = by('agent', 'agent', 'Only those of this agent');

/** Buttons of those actions that the catalogue has. */
function actionButtons(
  { said, house }: Asked,
  wanted: readonly (readonly [label: string, command: string])[],
  values: Readonly<Record<string, string>>,
): Button[] {
  return wanted
    .filter(([, command]) => house.vocabulary.byName(command) !== undefined)
    .map(([label, command]) => {
      const lacks = house.vocabulary
        .byName(command)
        ?.arguments.some(({ name, required }) => required && values[name] === undefined);
      return house.buttons.offer(said.speaker, {
        label,
        intent: { command, values, ...(lacks === true && { form: true }) },
        user: null,
      });
    });
}

const deliverableLine = (row: z.output<typeof deliverable>): TextNode[] => [
  code(row.id.slice(0, 8)),
  text(` ${joined(row.title ?? row.url ?? 'untitled', spaced(row.review_status ?? 'draft'), row.agent)}`),
];

export const workCommands: readonly Command[] = [
  {
    ...looking,
    name: 'tasks',
    aliases: ['list tasks', 'task list'],
    title: 'Tasks',
    summary: 'Lists the tasks that are open.',
    arguments: [
      agent,
      oneOf(
        'status',
        'Only these',
        openOr(['todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed']),
      ),
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
  },
  {
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
  },
  {
    ...looking,
    name: 'deliverables',
    aliases: ['list deliverables', 'reviews'],
    title: 'Deliverables',
    summary: 'Lists what agents handed in and what waits for a review.',
    arguments: [
      agent,
      oneOf('status', 'Only these', [
        'in_review',
        'all',
        'draft',
        'approved',
        'revision_requested',
        'rejected',
      ]),
      page,
    ],
    rank: 9,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'deliverables', filter(asked.values), deliverable);
      await showList(asked, {
        command: 'deliverables',
        title: 'Deliverables',
        lines: rows.map(deliverableLine),
        none: 'Nothing waits for a review.',
        footer: 'deliverable ID shows one.',
      });
    },
  },
  {
    ...looking,
    name: 'deliverable',
    group: 'show',
    aliases: ['show deliverable', 'review'],
    title: 'One deliverable',
    summary: 'Shows what was handed in, to approve, send back or reject it.',
    arguments: [
      by('deliverable', 'deliverable', 'The deliverable’s id, or its first eight characters', true),
    ],
    rank: 10,
    async run(asked) {
      const { said, house, values } = asked;
      const [row] = await house.hq.read(said, 'deliverable', { id: values.deliverable ?? '' }, deliverable);
      if (row === undefined) return;
      const isOpen = row.review_status === 'in_review';
      await asked.replace({
        title: row.title ?? 'Untitled deliverable',
        tone: row.review_status === 'approved' ? 'good' : isOpen ? 'warning' : 'neutral',
        state: spaced(row.review_status ?? 'draft'),
        fields: [
          { label: 'By', value: row.agent ?? 'nobody known' },
          ...(row.url ? [{ label: 'Where', value: row.url, wide: true }] : []),
          ...(row.review_note ? [{ label: 'Note', value: row.review_note, wide: true }] : []),
        ],
        buttons: isOpen
          ? actionButtons(
              asked,
              [
                ['Approve', 'approve_deliverable'],
                ['Request a revision', 'request_revision'],
                ['Reject', 'reject_deliverable'],
              ],
              { deliverable: row.id },
            )
          : [],
        footer: row.id,
      });
    },
  },
  {
    ...looking,
    name: 'inbox',
    aliases: ['list inbox'],
    title: 'Inbox',
    summary: 'Lists what waits for the agents to wake up for.',
    arguments: [
      agent,
      oneOf('status', 'Only these', openOr(['pending', 'leased', 'done', 'dead_letter', 'failed'])),
      page,
    ],
    private: true,
    rank: 11,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'inbox', filter(asked.values), inboxItem);
      const now = asked.house.now();
      await showList(asked, {
        command: 'inbox',
        title: 'Inbox',
        lines: rows.map((row) => [
          strong(row.agent ?? 'nobody'),
          text(
            ` ${joined(spaced(row.event_type), spaced(row.status), row.summary, age(now - Date.parse(row.created_at)))}`,
          ),
        ]),
        none: 'Nothing waits.',
      });
    },
  },
  {
    ...looking,
    name: 'usage',
    aliases: ['cost', 'costs'],
    title: 'Usage',
    summary: 'Tells what the agents have cost this month and today.',
    arguments: [agent, page],
    private: true,
    rank: 12,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'usage', filter(asked.values), usage);
      const total = rows.reduce((sum, row) => sum + (row.cost_usd ?? 0), 0);
      await showList(asked, {
        command: 'usage',
        title: 'Usage this month',
        state: `${total.toFixed(2)} USD`,
        lines: rows.map((row) => [
          strong(row.agent ?? 'no agent'),
          text(
            ` ${(row.cost_usd ?? 0).toFixed(2)} USD, ${(row.today_usd ?? 0).toFixed(2)} today, ${row.tokens ?? 0} tokens, ${row.runs} runs`,
          ),
        ]),
        none: 'Nothing was used this month.',
      });
    },
  },
  {
    ...looking,
    name: 'budgets',
    aliases: ['list budgets', 'budget'],
    title: 'Budgets',
    summary: 'Lists what each agent may spend in a month, and what is spent.',
    arguments: [agent, oneOf('status', 'Only these', ['ok', 'warned', 'exceeded', 'unmetered']), page],
    private: true,
    rank: 13,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'budgets', filter(asked.values), budget);
      await showList(asked, {
        command: 'budgets',
        title: 'Budgets',
        lines: rows.map((row) => [strong(row.agent), text(` ${tellBudget(row)}`)]),
        none: 'No agent has a budget.',
      });
    },
  },
];
