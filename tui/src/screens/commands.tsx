import type { ReactNode } from 'react';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useIsLoading, useRowContext, useRows, useUi } from '../app/ui.ts';
import { commandsTable } from '../columns/commands.ts';
import { openKeys } from '../keys/app-keys.ts';
import { commandHandlers, commandKeys } from '../keys/command-keys.ts';
import { gatewayHandlers, gatewayKeys } from '../keys/gateway-keys.ts';
import { useList } from '../widgets/list.ts';
import { Table } from '../widgets/table.tsx';

const keys = [...openKeys, ...gatewayKeys, ...commandKeys] as const;

export const commandsScreen: Screen = {
  name: 'commands',
  tab: { title: 'Commands', aliases: ['cmd'], summary: 'What was asked and what became of it' },
  isList: true,
  keys,
  crumb: () => 'Commands',
  Component: Commands,
};

function Commands(): ReactNode {
  const ui = useUi();
  const size = useBodySize();
  const context = useRowContext();
  const list = useList(ui.list('commands'), commandsTable, useRows(ui.session.commands), context, {
    sort: { column: 'asked', descending: true },
  });
  const command = list.selected;
  const gateway = context.lookups.gateways.get(command?.gateway_id ?? '') ?? null;
  const open = (): void => {
    if (command !== null) ui.router.open('command', command.id);
  };
  return (
    <ScreenFrame
      keys={keys}
      on={{ open, ...gatewayHandlers(ui, gateway), ...commandHandlers(ui, command) }}
      list={list}
      copyText={command?.id ?? null}
      gateway={gateway}
    >
      <Table
        list={list}
        {...size}
        whenEmpty={useIsLoading() ? ['Reading'] : ['Nothing was asked yet.', ': does something']}
        onOpen={open}
      />
    </ScreenFrame>
  );
}
