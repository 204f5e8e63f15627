import { age } from '@hq/shared/text';
import { z } from 'zod';
import { listCommand } from './list-command.ts';
import { agentArgument, choiceArgument, listAliases, openStatuses } from './query-defaults.ts';
import { humanize, joinParts, strong, text } from './show-list.ts';

const inboxItem = z.object({
  id: z.string(),
  created_at: z.string(),
  event_type: z.string(),
  status: z.string(),
  attempt_count: z.number().nullable(),
  summary: z.string().nullable(),
  agent: z.string().nullable(),
});

/** Lists the events that wait for the agents. */
export const inbox = listCommand({
  name: 'inbox',
  aliases: listAliases('inbox'),
  title: 'Inbox',
  summary: 'Lists the events that wait for the agents.',
  arguments: [
    agentArgument,
    choiceArgument(
      'status',
      'Only these',
      openStatuses(['pending', 'leased', 'done', 'dead_letter', 'failed']),
    ),
  ],
  private: true,
  rank: 11,
  row: inboxItem,
  line: (row, now) => [
    strong(row.agent ?? 'nobody'),
    text(
      ` ${joinParts(humanize(row.event_type), humanize(row.status), row.summary, age(now - Date.parse(row.created_at)))}`,
    ),
  ],
  emptyText: 'Nothing waits.',
});
