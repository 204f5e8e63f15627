import { z } from 'zod';
import { defineAction } from '../action.ts';
import { agentSlug, entity, onWorkspace, text } from './payload-parts.ts';

const events = [
  'task_created',
  'task_done',
  'task_blocked',
  'deliverable_submitted',
  'deliverable_reviewed',
] as const;

const routine = () =>
  z.object({
    ...entity(),
    agent: z.string(),
    schedule: z.string().nullable(),
    time_zone: z.string(),
    event: z.string().nullable(),
    paused: z.boolean(),
    last_run_at: z.string().nullable(),
    next_run_at: z.string().nullable(),
  });
type Routine = z.output<ReturnType<typeof routine>>;

const timesOf = ({ schedule, time_zone, event, paused, next_run_at }: Routine): string =>
  `${schedule === null ? `after ${event?.replaceAll('_', ' ')}` : `${schedule} (${time_zone})`}${
    paused ? ', paused' : next_run_at === null ? '' : `, next ${next_run_at}`
  }`;
const describeRoutine = (row: Routine): string => `${row.title} of ${row.agent}: ${timesOf(row)}`;

const onRoutine = {
  ...onWorkspace,
  payload: () => z.strictObject({ routine: text(100).describe('The routine: its name, or its id') }),
  result: routine,
  describe: describeRoutine,
} as const;

/** Actions on what agents do at set times or after events. */
export const routineActions = {
  create_routine: defineAction({
    ...onWorkspace,
    title: 'Create a routine',
    summary: 'Wakes an agent at set times, or after an event.',
    payload: () =>
      z.strictObject({
        name: text(100).describe('The routine in a few words'),
        agent: agentSlug(),
        instructions: z.string().max(8000).optional().describe('What the agent does each time'),
        schedule: text(200)
          .optional()
          .describe('Minute, hour, day, month and weekday, such as 30 8 * * mon-fri'),
        time_zone: text(100).optional().meta({
          title: 'Time zone',
          description: 'The zone of the schedule, such as Europe/Berlin; the owner’s by default',
        }),
        event: z.enum(events).optional().describe('The event that it waits for, instead of a schedule'),
        creates_task: z.boolean().optional().meta({
          title: 'Create a task',
          description:
            'Creates a task for the agent each time, which is not created again before it was begun',
        }),
      }),
    result: routine,
    describe: describeRoutine,
  }),
  list_routines: defineAction({
    ...onWorkspace,
    title: 'List the routines',
    summary: 'Lists the routines of the agents, with their next times.',
    role: 'viewer',
    danger: 'read',
    payload: () => z.strictObject({ agent: agentSlug().optional() }),
    result: () => z.object({ routines: z.array(routine()) }),
    describe: ({ routines }) =>
      routines.length === 0 ? 'there are no routines' : routines.map(describeRoutine).join('\n'),
  }),
  pause_routine: defineAction({
    ...onRoutine,
    title: 'Pause a routine',
    summary: 'Keeps a routine from running until it is resumed.',
  }),
  resume_routine: defineAction({
    ...onRoutine,
    title: 'Resume a routine',
    summary: 'Lets a paused routine run at its next time.',
  }),
  run_routine: defineAction({
    ...onRoutine,
    title: 'Run a routine now',
    summary: 'Runs a routine at once, also a paused one.',
  }),
  remove_routine: defineAction({
    ...onRoutine,
    title: 'Remove a routine',
    summary: 'Deletes a routine. What it has woken an agent for stays.',
    danger: 'disruptive',
    describe: ({ title, agent }) => `removed ${title} of ${agent}`,
  }),
} as const;
