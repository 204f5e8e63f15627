import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import { type NotificationRow, notificationRow } from '@hq/shared/rows';
import { newestFirst } from './order.ts';
import { parseRow, readRows } from './read-rows.ts';

const table = 'notifications';
const windowSize = 200;

export interface NotificationsFilter {
  readonly since?: string;
  readonly limit?: number;
  /** Those that were read, put away or are over too. */
  readonly all?: boolean;
}

export function readNotifications(
  client: HqClient,
  filter: NotificationsFilter = {},
): Promise<NotificationRow[]> {
  return readRows(client, {
    table,
    row: notificationRow,
    where: [
      ['read_at', 'is', filter.all === true ? undefined : null],
      ['dismissed_at', 'is', filter.all === true ? undefined : null],
      ['resolved_at', 'is', filter.all === true ? undefined : null],
      ['created_at', 'gte', filter.since],
    ],
    order: ['created_at', 'id'],
    isNewestFirst: true,
    limit: filter.limit ?? windowSize,
  });
}

/** The newest alerts, those that were read or put away too: what was acknowledged is told by them. */
export function notificationsStore(client: HqClient): LiveQuery<NotificationRow> {
  return createLiveQuery<NotificationRow>({
    client: client.supabase,
    bindings: [{ table }],
    read: () => readNotifications(client, { all: true }),
    parse: (record) => parseRow(notificationRow, record),
    key: (row) => row.id,
    compare: newestFirst,
    limit: windowSize,
  });
}

/** Marks an alert as read for everybody, or puts it away. Needs the role operator. */
export async function settleNotification(
  client: HqClient,
  id: string,
  how: 'read' | 'dismissed',
): Promise<void> {
  const now = new Date(client.clock.now()).toISOString();
  const change = how === 'read' ? { read_at: now } : { read_at: now, dismissed_at: now };
  const changed = await client.ask<unknown[]>(
    client.supabase.from(table).update(change).eq('id', id).select('id'),
  );
  if (changed.length === 0) {
    throw new HqError('refused', 'The alert was not changed.', {
      hint: 'Reading and dismissing alerts needs the role operator.',
    });
  }
}
