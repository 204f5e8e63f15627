import type { ChatChannelRow } from '@hq/shared/rows';
import { ageColumn, column } from './column-kinds.ts';
import { slugIn } from './lookups.ts';

const slug = { cutTo: 8, placeholder: '–' } as const;

export const printedChatChannelColumns = [
  column<ChatChannelRow>('PLATFORM', ({ platform }) => platform),
  column<ChatChannelRow>('CHANNEL', ({ channel }) => channel, { cutTo: 10 }),
  column<ChatChannelRow>('AT MOST', ({ ceiling }) => ceiling),
  column<ChatChannelRow>('GATEWAY', (row, { lookups }) => slugIn(lookups.gateways, row.gateway_id), slug),
  column<ChatChannelRow>('AGENT', (row, { lookups }) => slugIn(lookups.agents, row.agent_id), slug),
  ageColumn<ChatChannelRow>('BOUND', ({ created_at }) => created_at, { align: 'right' }),
  column<ChatChannelRow>('INSTALL', ({ install }) => install, { cutTo: 6 }),
];
