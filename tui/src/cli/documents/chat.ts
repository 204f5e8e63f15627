import { chatBotState } from '@hq/shared/fleet';
import type { ChatBotRow, ChatChannelRow, ChatLinkRow } from '@hq/shared/rows';
import { type FleetSlugs, slugOf } from './slugs.ts';

export function chatLinkDocument(link: ChatLinkRow) {
  return {
    id: link.id,
    platform: link.platform,
    install: link.install,
    account: link.chat_user,
    userId: link.user_id,
    createdAt: link.created_at,
    lastSeenAt: link.last_seen_at,
    revokedAt: link.revoked_at,
  };
}

export function chatChannelDocument(channel: ChatChannelRow, { gateways, agents }: FleetSlugs) {
  return {
    id: channel.id,
    platform: channel.platform,
    install: channel.install,
    channel: channel.channel,
    ceiling: channel.ceiling,
    gateway: slugOf(channel.gateway_id, gateways),
    agent: slugOf(channel.agent_id, agents),
    boundBy: channel.bound_by,
    createdAt: channel.created_at,
  };
}

export function chatBotDocument(bot: ChatBotRow, now: number) {
  return {
    platform: bot.platform,
    install: bot.install,
    fingerprint: bot.fingerprint,
    state: chatBotState(bot, now),
    stateSince: bot.state_since,
    detail: bot.detail,
    holder: bot.holder,
    lastInboundAt: bot.last_inbound_at,
    lastOutboundAt: bot.last_outbound_at,
    lastBeatAt: bot.last_beat_at,
  };
}
