import type { Member } from '@hq/shared/client';
import { chatBotState } from '@hq/shared/fleet';
import type { ChatBotRow, ChatChannelRow, ChatLinkRow } from '@hq/shared/rows';
import { ago } from '../ui/ages.ts';
import { whoAsked } from '../ui/people.ts';
import type { SecretNames as Names } from './shapes.ts';
import type { Column } from './table.ts';
import { toneOfBot } from './tones.ts';

const nothing = '–';

export function chatLinkColumns(now: number, member: Member, isNarrow: boolean): Column<ChatLinkRow>[] {
  return [
    { title: 'ID', text: (row) => (isNarrow ? row.id.slice(0, 8) : row.id) },
    { title: 'PLATFORM', text: (row) => row.platform },
    { title: 'ACCOUNT', text: (row) => row.chat_user, least: 10 },
    { title: 'SPEAKS FOR', text: (row) => whoAsked(row.user_id, member), least: 8 },
    { title: 'LINKED', text: (row) => ago(row.created_at, now), align: 'right' },
    { title: 'SEEN', text: (row) => ago(row.last_seen_at, now), align: 'right' },
    {
      title: 'STATE',
      text: (row) => (row.revoked_at === null ? 'linked' : 'revoked'),
      tone: (row) => (row.revoked_at === null ? 'good' : 'off'),
    },
    { title: 'INSTALL', text: (row) => row.install || nothing, least: 6 },
  ];
}

export function chatChannelColumns(now: number, { gateways, agents }: Names): Column<ChatChannelRow>[] {
  return [
    { title: 'PLATFORM', text: (row) => row.platform },
    { title: 'CHANNEL', text: (row) => row.channel, least: 10 },
    { title: 'AT MOST', text: (row) => row.ceiling },
    {
      title: 'GATEWAY',
      text: (row) => (row.gateway_id === null ? nothing : (gateways.get(row.gateway_id) ?? nothing)),
      least: 8,
    },
    {
      title: 'AGENT',
      text: (row) => (row.agent_id === null ? nothing : (agents.get(row.agent_id) ?? nothing)),
      least: 8,
    },
    { title: 'BOUND', text: (row) => ago(row.created_at, now), align: 'right' },
    { title: 'INSTALL', text: (row) => row.install, least: 6 },
  ];
}

export function chatBotColumns(now: number): Column<ChatBotRow>[] {
  return [
    { title: 'PLATFORM', text: (row) => row.platform },
    {
      title: 'STATE',
      text: (row) => chatBotState(row, now),
      tone: (row) => toneOfBot(chatBotState(row, now)),
    },
    { title: 'SINCE', text: (row) => ago(row.state_since, now), align: 'right' },
    { title: 'HEARD', text: (row) => ago(row.last_inbound_at, now), align: 'right' },
    { title: 'SAID', text: (row) => ago(row.last_outbound_at, now), align: 'right' },
    { title: 'INSTALL', text: (row) => row.install ?? nothing, least: 6 },
    { title: 'DETAIL', text: (row) => row.detail ?? '', least: 10 },
  ];
}
