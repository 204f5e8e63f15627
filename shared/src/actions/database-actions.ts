import { z } from 'zod';
import { defineAction } from './action.ts';

/** What is the same for everything that the database does itself: it is done, or refused, before the answer comes. */
const byTheDatabase = {
  executor: 'database',
  lane: 'none',
  retry: 'never',
  maxAttempts: 1,
  timeoutSeconds: 10,
  whilePaused: true,
} as const;

const nothing = () => z.strictObject({});

/** An id as people pass it on: whole, or its first eight characters and more where that names one row. */
const reference = (what: string) =>
  z
    .string()
    .regex(/^[0-9a-fA-F][0-9a-fA-F-]{7,35}$/, `an id of ${what}, or at least its first eight characters`)
    .describe(`The ${what}: its id, or at least the first eight characters of it`);
const agent = () =>
  z
    .string()
    .min(2)
    .max(40)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'an agent’s slug')
    .describe('The agent, by its slug');
const text = (longest: number) => z.string().min(1).max(longest);
const title = () => text(300).describe('What is to be done, in one line');
const note = (title: string, description: string) => text(4000).meta({ title, description });
const amount = () => z.number().min(0.01).max(1_000_000);

const taskStatus = () => z.enum(['todo', 'in_progress', 'blocked', 'done', 'cancelled', 'missed']);
const taskPriority = () => z.enum(['low', 'medium', 'high', 'urgent']);

/** A row as a result names it. */
const named = () => ({ id: z.string(), title: z.string() });
const task = () => z.object({ ...named(), status: z.string(), agent: z.string().nullable() });
const deliverable = () => z.object({ ...named(), review_status: z.string() });
const budget = () =>
  z.object({
    agent: z.string(),
    limit_usd: z.number().nullable(),
    spent_usd: z.number(),
    status: z.string(),
  });
const alert = () => z.object(named());

const short = (id: string): string => id.slice(0, 8);
const tellDeliverable = (row: z.output<ReturnType<typeof deliverable>>): string =>
  `${row.review_status.replaceAll('_', ' ')}: ${row.title} (${short(row.id)})`;
const tellBudget = (row: z.output<ReturnType<typeof budget>>): string =>
  row.limit_usd === null
    ? `${row.agent} has no limit; ${row.spent_usd.toFixed(2)} USD this month`
    : `${row.agent}: ${row.spent_usd.toFixed(2)} of ${row.limit_usd.toFixed(2)} USD this month, ${row.status}`;

/** Actions that need no runner: `hq.do_<action>` does them in the transaction that writes their row. */
export const databaseActions = {
  pause_agent: defineAction({
    ...byTheDatabase,
    title: 'Pause an agent',
    summary: 'Keeps an agent from being woken until it is resumed.',
    target: 'agent',
    role: 'operator',
    danger: 'reversible',
    undo: 'resume_agent',
    payload: nothing,
    result: () => z.object({ agent: z.string(), status: z.literal('paused') }),
    describe: ({ agent: slug }) => `${slug} is paused`,
  }),
  resume_agent: defineAction({
    ...byTheDatabase,
    title: 'Resume an agent',
    summary: 'Lets a paused agent be woken again.',
    target: 'agent',
    role: 'operator',
    danger: 'reversible',
    undo: 'pause_agent',
    payload: nothing,
    result: () => z.object({ agent: z.string(), status: z.literal('ready') }),
    describe: ({ agent: slug }) => `${slug} works again`,
  }),
  create_task: defineAction({
    ...byTheDatabase,
    title: 'Create a task',
    summary: 'Writes a task down, for an agent or for nobody yet.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        title: title(),
        description: z.string().max(8000).optional().describe('What else there is to say'),
        priority: taskPriority().default('medium').describe('How much it matters'),
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
        agent: agent().optional(),
      }),
    result: task,
    describe: (row) => `task ${short(row.id)} ${row.agent === null ? 'for nobody yet' : `for ${row.agent}`}`,
  }),
  assign_task: defineAction({
    ...byTheDatabase,
    title: 'Assign a task',
    summary: 'Gives a task to an agent, which hears of it at once.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () => z.strictObject({ task: reference('task'), agent: agent() }),
    result: task,
    describe: (row) => `task ${short(row.id)} is ${row.agent}’s`,
  }),
  set_task_status: defineAction({
    ...byTheDatabase,
    title: 'Set a task’s status',
    summary: 'Says how far a task is.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        task: reference('task'),
        status: taskStatus().describe('How far it is'),
      }),
    result: task,
    describe: (row) => `task ${short(row.id)} is ${row.status.replaceAll('_', ' ')}`,
  }),
  comment_on_task: defineAction({
    ...byTheDatabase,
    title: 'Comment on a task',
    summary: 'Adds a comment to a task. Agents that are named in it as @slug hear of it.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        task: reference('task'),
        body: text(8000).meta({
          title: 'Comment',
          description: 'What you have to say; an agent that is named in it as @slug hears of it',
        }),
      }),
    result: () => z.object({ ...named(), mentions: z.array(z.string()) }),
    describe: ({ id, mentions }) =>
      `commented on task ${short(id)}${mentions.length === 0 ? '' : `, told ${mentions.join(', ')}`}`,
  }),
  approve_deliverable: defineAction({
    ...byTheDatabase,
    title: 'Approve a deliverable',
    summary: 'Takes a deliverable as it is.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        deliverable: reference('deliverable'),
        note: note('Note', 'What the agent should know').optional(),
      }),
    result: deliverable,
    describe: tellDeliverable,
  }),
  request_revision: defineAction({
    ...byTheDatabase,
    title: 'Request a revision',
    summary: 'Sends a deliverable back to be changed.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        deliverable: reference('deliverable'),
        note: note('Changes', 'What is to be changed'),
      }),
    result: deliverable,
    describe: tellDeliverable,
  }),
  reject_deliverable: defineAction({
    ...byTheDatabase,
    title: 'Reject a deliverable',
    summary: 'Refuses a deliverable for good.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        deliverable: reference('deliverable'),
        note: note('Reason', 'Why it is rejected'),
      }),
    result: deliverable,
    describe: tellDeliverable,
  }),
  set_budget: defineAction({
    ...byTheDatabase,
    title: 'Set a budget',
    summary: 'Sets what an agent may spend in a month, or lifts its limit.',
    target: 'agent',
    role: 'admin',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        limit_usd: z
          .string()
          .regex(/^(none|\d{1,7}(\.\d{1,2})?)$/, 'an amount such as 25 or 25.50, or none')
          .meta({
            title: 'Monthly limit in USD',
            description: 'US dollars a month, such as 25 or 25.50; none lifts the limit',
          }),
        hard_cutoff: z.boolean().optional().meta({
          title: 'Stop at the limit',
          description: 'Whether the agent stops once the limit is spent',
        }),
      }),
    result: budget,
    describe: tellBudget,
  }),
  top_up_budget: defineAction({
    ...byTheDatabase,
    title: 'Top up a budget',
    summary: 'Raises an agent’s monthly limit by an amount.',
    target: 'agent',
    role: 'admin',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        amount_usd: amount().meta({
          title: 'Amount in USD',
          description: 'US dollars to add to the monthly limit, such as 5',
        }),
      }),
    result: budget,
    describe: tellBudget,
  }),
  acknowledge_alert: defineAction({
    ...byTheDatabase,
    title: 'Acknowledge an alert',
    summary: 'Says that somebody has seen an alert.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () => z.strictObject({ alert: reference('alert') }),
    result: alert,
    describe: (row) => `seen: ${row.title}`,
  }),
  mute_alert: defineAction({
    ...byTheDatabase,
    title: 'Mute an alert',
    summary:
      'Tells nobody of alerts of this kind about the same thing for a while. They are still written down.',
    target: 'workspace',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        alert: reference('alert'),
        minutes: z
          .int()
          .min(1)
          .max(10_080)
          .default(60)
          .describe('For how many minutes, at most a week (10080)'),
      }),
    result: () => z.object({ ...named(), until: z.string() }),
    describe: (row) => `muted until ${row.until}: ${row.title}`,
  }),
} as const;
