import { itemStatuses } from '@hq/shared/rows';
import { z } from 'zod';
import { moment, strong } from '../../cards/card-parts.ts';
import { agentArgument, humanize, statusArgument } from '../arguments.ts';
import { listCommand } from './list-command.ts';

const inboxItem = z.object({
  created_at: z.string(),
  event_type: z.string(),
  status: z.string(),
  summary: z.string().nullable(),
  agent: z.string().nullable(),
  waits: z.object({ text: z.string() }).nullish(),
});

/** Lists the events that wait for the agents. */
export const inbox = listCommand({
  name: 'inbox',
  title: 'Inbox',
  summary: 'Lists the events that wait for the agents.',
  arguments: [agentArgument(), statusArgument('open', 'all', ...itemStatuses)],
  private: true,
  rank: 11,
  row: inboxItem,
  entry: ({ agent, event_type, status, summary, created_at, waits }, now) => [
    strong(agent ?? 'nobody'),
    humanize(event_type),
    humanize(status),
    summary,
    waits?.text ?? null,
    [moment(created_at, now)],
  ],
  emptyText: 'Nothing waits.',
});
