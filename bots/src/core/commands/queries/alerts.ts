import { age } from '@hq/shared/text';
import { z } from 'zod';
import { severities } from '../../alerts/alert-row.ts';
import { listCommand } from './list-command.ts';
import { choiceArgument } from './query-defaults.ts';
import { code, joinParts, text } from './show-list.ts';

const alert = z.object({
  id: z.string(),
  created_at: z.string(),
  last_at: z.string(),
  type: z.string(),
  severity: z.string(),
  title: z.string(),
  occurrences: z.number(),
  read_at: z.string().nullable(),
  resolved_at: z.string().nullable(),
});

export const alerts = listCommand({
  name: 'alerts',
  aliases: ['list alerts', 'alerts list'],
  title: 'Alerts',
  summary: 'Lists the alerts that are open.',
  arguments: [choiceArgument('status', 'Only these', ['open', 'all', ...severities])],
  rank: 14,
  row: alert,
  line: (row, now) => [
    code(row.id.slice(0, 8)),
    text(
      ` ${joinParts(row.title, row.severity, row.occurrences > 1 && `${row.occurrences} times`, row.resolved_at !== null && 'over', row.read_at !== null && 'seen', age(now - Date.parse(row.last_at)))}`,
    ),
  ],
  emptyText: 'No alert is open.',
  footer: 'ack ID, mute ID. subscribe brings them here.',
});
