import { age } from '@hq/shared/text';
import { z } from 'zod';
import type { Command } from '../command.ts';
import {
  agentArgument,
  choiceArgument,
  listAliases,
  openStatuses,
  queryDefaults,
  queryRows,
} from './query-defaults.ts';
import { humanize, joinParts, pageArgument, showList, strong, text } from './show-list.ts';

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
export const inbox: Command = {
  ...queryDefaults,
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
    pageArgument,
  ],
  private: true,
  rank: 11,
  async run(context) {
    const rows = await queryRows(context, 'inbox', inboxItem);
    const now = context.services.now();
    await showList(context, {
      command: 'inbox',
      title: 'Inbox',
      lines: rows.map((row) => [
        strong(row.agent ?? 'nobody'),
        text(
          ` ${joinParts(humanize(row.event_type), humanize(row.status), row.summary, age(now - Date.parse(row.created_at)))}`,
        ),
      ]),
      emptyText: 'Nothing waits.',
    });
  },
};
