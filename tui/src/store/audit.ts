import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type AuditRow, auditRow } from '@hq/shared/rows';
import { newestFirst } from './order.ts';
import { parseRow, readRows } from './read-rows.ts';

const table = 'audit_log';
const windowSize = 500;

export interface AuditFilter {
  readonly since?: string;
  readonly limit?: number;
}

export function readAudit(client: HqClient, filter: AuditFilter = {}): Promise<AuditRow[]> {
  return readRows(client, {
    table,
    row: auditRow,
    where: [['created_at', 'gte', filter.since]],
    order: ['created_at', 'id'],
    isNewestFirst: true,
    limit: filter.limit ?? windowSize,
  });
}

export function auditStore(client: HqClient): LiveQuery<AuditRow> {
  return createLiveQuery<AuditRow>({
    client: client.supabase,
    bindings: [{ table, event: 'INSERT' }],
    read: () => readAudit(client),
    parse: (record) => parseRow(auditRow, record),
    key: (row) => row.id,
    compare: newestFirst,
    limit: windowSize,
  });
}
