import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import { type AuditRow, auditRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { newestFirst } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'audit_log', row: auditRow, ...newestFirst } as const;
const windowSize = 500;

interface AuditFilter {
  readonly since?: string;
  readonly limit?: number;
}

export function readAudit(client: HqClient, filter: AuditFilter = {}): Promise<AuditRow[]> {
  return readRows(client, {
    ...source,
    where: [['created_at', 'gte', filter.since]],
    limit: filter.limit ?? windowSize,
  });
}

export function liveAudit(client: HqClient): LiveQuery<AuditRow> {
  return watchRows<AuditRow>(client, {
    ...source,
    changes: { event: 'INSERT' },
    read: (limit = windowSize) => readAudit(client, { limit }),
    limit: windowSize,
  });
}
