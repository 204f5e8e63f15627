import { chatBotState } from '@hq/shared/fleet';
import type { ChatBotRow, ChatChannelRow, ChatLinkRow } from '@hq/shared/rows';
import { type DocumentContext, fieldsOf, slugOf } from './document.ts';

export function chatLinkDocument(link: ChatLinkRow) {
  return {
    ...fieldsOf(link, ['id', 'platform', 'install', 'user_id', 'created_at', 'last_seen_at', 'revoked_at']),
    account: link.chat_user,
  };
}

export function chatChannelDocument(channel: ChatChannelRow, { gateways, agents }: DocumentContext) {
  return {
    ...fieldsOf(channel, ['id', 'platform', 'install', 'channel', 'ceiling', 'bound_by', 'created_at']),
    gateway: slugOf(channel.gateway_id, gateways),
    agent: slugOf(channel.agent_id, agents),
  };
}

export function chatBotDocument(bot: ChatBotRow, { now }: DocumentContext) {
  const times = ['state_since', 'last_inbound_at', 'last_outbound_at', 'last_beat_at'] as const;
  return {
    ...fieldsOf(bot, ['platform', 'install', 'fingerprint', 'detail', 'holder', ...times]),
    state: chatBotState(bot, now),
  };
}
