import type { ChatChannelRow } from '@hq/shared/rows';
import { ageColumn, column } from './column-kinds.ts';

const slug = { cutTo: 8, placeholder: '–' } as const;

export const printedChatChannelColumns = [
  column<ChatChannelRow>('PLATFORM', ({ platform }) => platform),
  column<ChatChannelRow>('CHANNEL', ({ channel }) => channel, { cutTo: 10 }),
  column<ChatChannelRow>('AT MOST', ({ ceiling }) => ceiling),
  column<ChatChannelRow>(
    'GATEWAY',
    ({ gateway_id }, { lookups }) => lookups.gateways.get(gateway_id ?? '')?.slug ?? null,
    slug,
  ),
  column<ChatChannelRow>(
    'AGENT',
    ({ agent_id }, { lookups }) => lookups.agents.get(agent_id ?? '')?.slug ?? null,
    slug,
  ),
  ageColumn<ChatChannelRow>('BOUND', ({ created_at }) => created_at, { align: 'right' }),
  column<ChatChannelRow>('INSTALL', ({ install }) => install, { cutTo: 6 }),
];
