import { z } from 'zod';
import { severities } from '../../alerts/alert-row.ts';
import { code, moment, shortId } from '../../cards/card-parts.ts';
import { statusArgument } from '../arguments.ts';
import { listCommand } from './list-command.ts';

const alert = z.object({
  id: z.string(),
  last_at: z.string(),
  severity: z.string(),
  title: z.string(),
  occurrences: z.number(),
  read_at: z.string().nullable(),
  resolved_at: z.string().nullable(),
});

export const alerts = listCommand({
  name: 'alerts',
  title: 'Alerts',
  summary: 'Lists the alerts that are open.',
  arguments: [statusArgument('open', 'all', ...severities)],
  rank: 14,
  row: alert,
  entry: ({ id, title, severity, occurrences, resolved_at, read_at, last_at }, now) => [
    code(shortId(id)),
    title,
    severity,
    occurrences > 1 && `${occurrences} times`,
    resolved_at !== null && 'over',
    read_at !== null && 'seen',
    [moment(last_at, now)],
  ],
  emptyText: 'No alert is open.',
  footer: '`ack ID`, `mute ID`. `subscribe` brings them here.',
});
