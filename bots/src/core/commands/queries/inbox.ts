import { age } from '@hq/shared/text';
import { z } from 'zod';
import type { Command } from '../../../contract/command.ts';
import { filter, listed, looking, ofAgent, oneOf, openOr } from './query-defaults.ts';
import { joined, page, showList, spaced, strong, text } from './show-list.ts';

const inboxItem = z.object({
  id: z.string(),
  created_at: z.string(),
  event_type: z.string(),
  status: z.string(),
  attempt_count: z.number().nullable(),
  summary: z.string().nullable(),
  agent: z.string().nullable(),
});

/** What waits for the agents. */
export const inbox: Command = {
  ...looking,
  name: 'inbox',
  aliases: listed('inbox'),
  title: 'Inbox',
  summary: 'Lists what waits for the agents to wake up for.',
  arguments: [
    ofAgent,
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
};
