import type { ChatChannelRow } from '@hq/shared/rows';
import { ageOf } from '@hq/shared/text';
import type { Column } from '../table/column.ts';
import type { RowContext } from './row-context.ts';

export const printedChatChannelColumns: readonly Column<ChatChannelRow, RowContext>[] = [
  { key: 'platform', header: 'PLATFORM', value: ({ platform }) => platform },
  { key: 'channel', header: 'CHANNEL', value: ({ channel }) => channel, cutTo: 10 },
  { key: 'ceiling', header: 'AT MOST', value: ({ ceiling }) => ceiling },
  {
    key: 'gateway',
    header: 'GATEWAY',
    value: ({ gateway_id }, { lookups }) => lookups.gateways.get(gateway_id ?? '')?.slug ?? '',
    cutTo: 8,
    placeholder: '–',
  },
  {
    key: 'agent',
    header: 'AGENT',
    value: ({ agent_id }, { lookups }) => lookups.agents.get(agent_id ?? '')?.slug ?? '',
    cutTo: 8,
    placeholder: '–',
  },
  {
    key: 'bound',
    header: 'BOUND',
    value: ({ created_at }, { now }) => ageOf(created_at, now),
    align: 'right',
  },
  { key: 'install', header: 'INSTALL', value: ({ install }) => install, cutTo: 6 },
];
