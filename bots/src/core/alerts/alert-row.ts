import type { HqClient } from '@hq/shared/client';
import { z } from 'zod';

export const severities = ['info', 'warning', 'error', 'critical'] as const;

/** An alert is one row for as long as it lasts: `last_at` moves whenever something about it changes. */
const alertRow = z.object({
  id: z.string(),
  created_at: z.string(),
  last_at: z.string(),
  type: z.string(),
  severity: z.enum(severities).catch('info'),
  title: z.string(),
  body: z.string().nullable(),
  subject: z.string().nullable(),
  entity_type: z.string().nullable(),
  entity_id: z.string().nullable(),
  actor_agent_id: z.string().nullable(),
  occurrences: z.number().catch(1),
  read_at: z.string().nullable(),
  dismissed_at: z.string().nullable(),
  resolved_at: z.string().nullable(),
  muted: z.boolean().catch(false),
  meta: z.record(z.string(), z.unknown()).catch({}),
});
export type AlertRow = z.output<typeof alertRow>;

const columns = Object.keys(alertRow.shape).join(',');
export const alertPage = 500;

/** Alerts that changed after a moment, in the order of their change. */
export async function readAlertsSince(client: HqClient, since: string, from: number): Promise<AlertRow[]> {
  const records = await client.ask<unknown[]>(
    client.supabase
      .from('notifications')
      .select(columns)
      .gt('last_at', since)
      .order('last_at', { ascending: true })
      .order('id', { ascending: true })
      .range(from, from + alertPage - 1),
  );
  return records.flatMap(parse);
}

/** What is asked for at once fits into one address. */
const mostIds = 100;

export async function readAlerts(client: HqClient, ids: readonly string[]): Promise<AlertRow[]> {
  const rows: AlertRow[] = [];
  for (let from = 0; from < ids.length; from += mostIds) {
    const records = await client.ask<unknown[]>(
      client.supabase
        .from('notifications')
        .select(columns)
        .in('id', ids.slice(from, from + mostIds)),
    );
    rows.push(...records.flatMap(parse));
  }
  return rows;
}

function parse(record: unknown): AlertRow[] {
  const parsed = alertRow.safeParse(record);
  return parsed.success ? [parsed.data] : [];
}
