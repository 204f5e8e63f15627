import type { HqClient } from '../client/index.ts';
import type { LiveQuery } from '../live/index.ts';
import {
  type ChatBotRow,
  type ChatChannelRow,
  type ChatLinkRow,
  chatBotRow,
  chatChannelRow,
  chatLinkRow,
} from '../rows/index.ts';
import { readRows } from './read-rows.ts';
import { newestFirst } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const links = { table: 'chat_identities', row: chatLinkRow, ...newestFirst } as const;
const channels = { table: 'chat_channels', row: chatChannelRow, order: ['platform', 'id'] } as const;
const bots = { table: 'chat_adapters', row: chatBotRow, order: ['platform', 'fingerprint'] } as const;

/** Reads the accounts that are linked to a member now; with `all`, the revoked ones too. */
export function readChatLinks(client: HqClient, all = false): Promise<ChatLinkRow[]> {
  return readRows(client, { ...links, where: [['revoked_at', 'is', all ? undefined : null]] });
}

export function readChatChannels(client: HqClient): Promise<ChatChannelRow[]> {
  return readRows(client, channels);
}

export function readChatBots(client: HqClient): Promise<ChatBotRow[]> {
  return readRows(client, bots);
}

/** All links, revoked ones too: an update that revokes one is how a screen learns of it. */
export function liveChatLinks(client: HqClient): LiveQuery<ChatLinkRow> {
  return watchRows<ChatLinkRow>(client, { ...links, read: () => readChatLinks(client, true) });
}

export function liveChatChannels(client: HqClient): LiveQuery<ChatChannelRow> {
  return watchRows<ChatChannelRow>(client, { ...channels, read: () => readChatChannels(client) });
}

export function liveChatBots(client: HqClient): LiveQuery<ChatBotRow> {
  return watchRows<ChatBotRow>(client, { ...bots, read: () => readChatBots(client) });
}
