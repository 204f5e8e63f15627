import { plain } from '@hq/shared/text';
import { listScreen } from '../app/list-screen.tsx';
import { useRows } from '../app/ui.ts';
import { agentsTable } from '../columns/agents.ts';
import { agentHandlers, agentKeys } from '../keys/agent-keys.ts';
import { gatewayHandlers, otherGatewayKeys } from '../keys/gateway-keys.ts';

const noAgents = [] as const;

/** The agents of one gateway, `route.id`, or of all. */
export const agentsScreen = listScreen({
  name: 'agents',
  tab: { title: 'Agents', aliases: ['ag'], summary: 'Who works here' },
  crumb: ({ id }, { gateways }) => plain(gateways.get(id ?? '')?.slug ?? 'Agents'),
  keys: [...agentKeys, ...otherGatewayKeys],
  on: ({ ui, row }, gateway) => ({
    ...agentHandlers(ui, row),
    ...gatewayHandlers(ui, gateway),
  }),
  table: agentsTable,
  sort: { column: 'AGENT', descending: false },
  useRows({ session }, { id }, { lookups }) {
    const all = useRows(session.agents);
    return id === null ? all : (lookups.agentsOf.get(id) ?? noAgents);
  },
  open: ({ id }, { router }) => router.open('agent', id),
  copyText: ({ row }) => row?.slug,
  gateway: ({ row, route, context }) => context.lookups.gateways.get(row?.gateway_id ?? route.id ?? ''),
  agent: ({ row }) => row,
  whenEmpty: ['No agent works here yet.'],
});
