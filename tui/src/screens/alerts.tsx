import type { NotificationRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { useMemo } from 'react';
import { listScreen } from '../app/list-screen.tsx';
import type { Ui } from '../app/ui.ts';
import { alertsTable } from '../columns/alerts.ts';
import { type Binding, withRow } from '../keys/binding.ts';

const keys = [
  { does: 'acknowledge', keys: ['a'], short: 'acknowledge', about: 'acknowledge the alert', writes: true },
  { does: 'dismiss', keys: ['d'], short: 'dismiss', about: 'dismiss the alert', writes: true },
] as const satisfies readonly Binding[];

/** Entities that are decided on the screen of needs. */
const needEntities = new Set(['agent_question', 'entity_link', 'pairing_request', 'agent_inbox_item']);

export const alertsScreen = listScreen({
  name: 'alerts',
  tab: { title: 'Alerts', aliases: ['notifications'], summary: 'What went wrong' },
  crumb: () => 'Alerts',
  keys,
  on: ({ ui: { commands }, row }) => ({
    acknowledge: withRow(row, ({ id }) => commands.settleAlert(id, 'acknowledge')),
    dismiss: withRow(row, ({ id }) => commands.settleAlert(id, 'dismiss')),
  }),
  table: alertsTable,
  sort: { column: 'WHEN', descending: true },
  useFeed: ({ session }) => session.notifications,
  useShown(all) {
    return useMemo(() => all.filter(({ dismissed_at }) => dismissed_at === null), [all]);
  },
  open: openSubject,
  copyText: ({ row }) => row?.title,
  whenEmpty: ['No alerts.'],
});

/** Opens the command, the agent, or the agents of the gateway that an alert is about. */
function openSubject({ entity_type, entity_id }: NotificationRow, { router, messages }: Ui): void {
  if (entity_id === null) messages.say('This alert is about no row that can be opened.');
  else if (/command/.test(entity_type ?? '')) router.open('command', entity_id);
  else if (needEntities.has(entity_type ?? '')) router.openTab('needs');
  else if (entity_type === 'agent') router.open('agent', entity_id);
  else if (entity_type === 'pairing_request') router.open('pairings');
  else if (entity_type === 'gateway') router.open('agents', entity_id);
  else messages.say(`HQ has no screen for what this alert is about: ${plain(entity_type ?? 'unknown')}.`);
}
