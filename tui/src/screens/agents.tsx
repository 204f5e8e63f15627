import { plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import type { Route } from '../app/router.ts';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useIsLoading, useRowContext, useRows, useUi } from '../app/ui.ts';
import { agentsTable } from '../columns/agents.ts';
import { openKeys } from '../keys/app-keys.ts';
import { gatewayHandlers, gatewayKeys } from '../keys/gateway-keys.ts';
import { useList } from '../widgets/list.ts';
import { Table } from '../widgets/table.tsx';

const keys = [...openKeys, ...gatewayKeys] as const;

/** The agents of one gateway, `route.id`, or of all. */
export const agentsScreen: Screen = {
  name: 'agents',
  tab: { title: 'Agents', aliases: ['ag'], summary: 'Who works here' },
  isList: true,
  keys,
  crumb: ({ id }, { gateways }) => plain(gateways.get(id ?? '')?.slug ?? 'Agents'),
  Component: Agents,
};

function Agents({ route: { id } }: { readonly route: Route }): ReactNode {
  const ui = useUi();
  const size = useBodySize();
  const context = useRowContext();
  const all = useRows(ui.session.agents);
  const { gateways, agentsOf } = context.lookups;
  const rows = id === null ? all : (agentsOf.get(id) ?? noAgents);
  const list = useList(ui.list('agents'), agentsTable, rows, context, {
    sort: { column: 'agent', descending: false },
  });
  const agent = list.selected;
  const gateway = gateways.get(agent?.gateway_id ?? id ?? '') ?? null;
  const open = (): void => {
    if (agent !== null) ui.router.open('agent', agent.id);
  };
  return (
    <ScreenFrame
      keys={keys}
      on={{ open, ...gatewayHandlers(ui, gateway) }}
      list={list}
      copyText={agent?.slug ?? null}
      gateway={gateway}
      agent={agent}
    >
      <Table
        list={list}
        {...size}
        whenEmpty={useIsLoading() ? ['Reading'] : ['No agent works here yet.']}
        onOpen={open}
      />
    </ScreenFrame>
  );
}

const noAgents = [] as const;
