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
  /** Counts repetitions while the alert lasts; null for an alert without an end. */
  dedup_key: z.string().nullable(),
  occurrences: z.number().catch(1),
  read_at: z.string().nullable(),
  seen_by: z.string().nullable(),
  dismissed_at: z.string().nullable(),
  resolved_at: z.string().nullable(),
  muted: z.boolean().catch(false),
  muted_by: z.string().nullable(),
  muted_until: z.string().nullable(),
  meta: z.record(z.string(), z.unknown()).catch({}),
});
export type AlertRow = z.output<typeof alertRow>;

/** Resolved or dismissed: it does not change any more. */
export function isClosed({ resolved_at, dismissed_at }: AlertRow): boolean {
  return resolved_at !== null || dismissed_at !== null;
}

/** Open, not acknowledged and not muted. */
export function needsAnnouncement(row: AlertRow): boolean {
  return !isClosed(row) && row.read_at === null && !row.muted;
}

const columns = Object.keys(alertRow.shape).join(',');
const pageLength = 500;

/** Alerts that changed after a moment, in the order of their change, page by page. */
export async function* alertsSince(client: HqClient, since: string): AsyncGenerator<AlertRow[]> {
  let last: AlertRow | undefined;
  for (;;) {
    const all = client.supabase.from('notifications').select(columns);
    // Counted from the last one and not from the first: those that change meanwhile move to the end.
    const after =
      last === undefined
        ? all.gt('last_at', since)
        : all.or(`last_at.gt."${last.last_at}",and(last_at.eq."${last.last_at}",id.gt.${last.id})`);
    const records = await client.ask<unknown[]>(
      after.order('last_at', { ascending: true }).order('id', { ascending: true }).limit(pageLength),
    );
    const rows = records.flatMap(parse);
    if (rows.length > 0) yield rows;
    last = rows.at(-1);
    if (records.length < pageLength || last === undefined) return;
  }
}

/** The most ids whose request fits into one URL. */
const mostIds = 100;

export function* inPortions(ids: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < ids.length; from += mostIds) yield ids.slice(from, from + mostIds);
}

export async function readAlerts(client: HqClient, ids: readonly string[]): Promise<AlertRow[]> {
  const rows: AlertRow[] = [];
  for (const some of inPortions(ids)) {
    const select = client.supabase.from('notifications').select(columns);
    rows.push(...(await client.ask<unknown[]>(select.in('id', some))).flatMap(parse));
  }
  return rows;
}

function parse(record: unknown): AlertRow[] {
  const parsed = alertRow.safeParse(record);
  return parsed.success ? [parsed.data] : [];
}
