import type { NotificationRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { type ReactNode, useMemo } from 'react';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { type Ui, useIsLoading, useRowContext, useRows, useUi } from '../app/ui.ts';
import { alertsTable } from '../columns/alerts.ts';
import { openKeys } from '../keys/app-keys.ts';
import type { Binding } from '../keys/binding.ts';
import { useList } from '../widgets/list.ts';
import { Table } from '../widgets/table.tsx';

const keys = [
  ...openKeys,
  { does: 'acknowledge', keys: ['a'], short: 'acknowledge', about: 'acknowledge the alert', writes: true },
  { does: 'dismiss', keys: ['d'], short: 'dismiss', about: 'dismiss the alert', writes: true },
] as const satisfies readonly Binding[];

export const alertsScreen: Screen = {
  name: 'alerts',
  tab: { title: 'Alerts', aliases: ['notifications'], summary: 'What went wrong' },
  isList: true,
  keys,
  crumb: () => 'Alerts',
  Component: Alerts,
};

function Alerts(): ReactNode {
  const ui = useUi();
  const size = useBodySize();
  const context = useRowContext();
  const all = useRows(ui.session.notifications);
  const rows = useMemo(() => all.filter(({ dismissed_at }) => dismissed_at === null), [all]);
  const list = useList(ui.list('alerts'), alertsTable, rows, context, {
    sort: { column: 'when', descending: true },
  });
  const alert = list.selected;
  const settle = (how: 'acknowledge' | 'dismiss') => (): void => {
    if (alert !== null) ui.commands.settleAlert(alert.id, how);
  };
  const open = (): void => {
    if (alert !== null) openSubject(alert, ui);
  };
  return (
    <ScreenFrame
      keys={keys}
      on={{ open, acknowledge: settle('acknowledge'), dismiss: settle('dismiss') }}
      list={list}
      copyText={alert?.title ?? null}
    >
      <Table list={list} {...size} whenEmpty={useIsLoading() ? ['Reading'] : ['No alerts.']} onOpen={open} />
    </ScreenFrame>
  );
}

/** Opens the command, the agent, or the agents of the gateway that an alert is about. */
function openSubject({ entity_type, entity_id }: NotificationRow, { router, messages }: Ui): void {
  if (entity_id === null) messages.say('This alert is about no row that can be opened.');
  else if (/command/.test(entity_type ?? '')) router.open('command', entity_id);
  else if (entity_type === 'agent') router.open('agent', entity_id);
  else if (entity_type === 'gateway') router.open('agents', entity_id);
  else messages.say(`HQ has no screen for what this alert is about: ${plain(entity_type ?? 'unknown')}.`);
}
