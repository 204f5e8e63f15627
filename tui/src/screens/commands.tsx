import { listScreen } from '../app/list-screen.tsx';
import { commandsTable } from '../columns/commands.ts';
import { commandHandlers, commandKeys } from '../keys/command-keys.ts';
import { gatewayHandlers, gatewayKeys } from '../keys/gateway-keys.ts';

export const commandsScreen = listScreen({
  name: 'commands',
  tab: { title: 'Commands', aliases: ['cmd'], summary: 'What was asked and what became of it' },
  crumb: () => 'Commands',
  keys: [...commandKeys, ...gatewayKeys],
  on: ({ ui, row }, gateway) => ({ ...gatewayHandlers(ui, gateway), ...commandHandlers(ui, row) }),
  table: commandsTable,
  sort: { column: 'ASKED', descending: true },
  useFeed: ({ session }) => session.commands,
  open: ({ id }, { router }) => router.open('command', id),
  copyText: ({ row }) => row?.id,
  gateway: ({ row, context }) => context.lookups.gateways.get(row?.gateway_id ?? ''),
  whenEmpty: ['Nothing was asked yet.', ': does something'],
});
