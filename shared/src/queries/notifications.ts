import type { HqClient } from '../client/index.ts';
import { HqError } from '../errors.ts';
import type { LiveQuery } from '../live/index.ts';
import { type NotificationRow, notificationRow } from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { newestFirst } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const source = { table: 'notifications', row: notificationRow, ...newestFirst } as const;
const windowSize = 200;

interface NotificationsFilter {
  readonly since?: string;
  readonly limit?: number;
  /** Includes alerts that were read, dismissed or resolved. */
  readonly all?: boolean;
}

export function readNotifications(
  client: HqClient,
  filter: NotificationsFilter = {},
): Promise<NotificationRow[]> {
  const unset = filter.all === true ? undefined : null;
  return readRows(client, {
    ...source,
    where: [
      ['read_at', 'is', unset],
      ['dismissed_at', 'is', unset],
      ['resolved_at', 'is', unset],
      ['created_at', 'gte', filter.since],
    ],
    limit: filter.limit ?? windowSize,
  });
}

/** The newest alerts, read and dismissed ones too: the acknowledged ones hide what they are about. */
export function liveNotifications(client: HqClient): LiveQuery<NotificationRow> {
  return watchRows<NotificationRow>(client, {
    ...source,
    read: (limit = windowSize) => readNotifications(client, { all: true, limit }),
    limit: windowSize,
  });
}

/** Marks an alert as read, or as dismissed, for every member. Needs the role operator. */
export async function settleNotification(
  client: HqClient,
  id: string,
  as: 'read' | 'dismissed',
): Promise<void> {
  const now = new Date(client.clock.now()).toISOString();
  const change = as === 'read' ? { read_at: now } : { read_at: now, dismissed_at: now };
  const changed = await client.ask<unknown[]>(
    client.supabase.from(source.table).update(change).eq('id', id).select('id'),
  );
  if (changed.length === 0) {
    throw new HqError('refused', 'The alert was not changed.', {
      hint: 'Reading and dismissing alerts needs the role operator.',
    });
  }
}
