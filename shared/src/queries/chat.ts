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
import { byText, newestFirst, rowId } from './row-order.ts';
import { watchRows } from './watch-rows.ts';

const links = { table: 'chat_identities', row: chatLinkRow } as const;
const channels = { table: 'chat_channels', row: chatChannelRow } as const;
const bots = { table: 'chat_adapters', row: chatBotRow } as const;

/** Reads the accounts that are linked to a member now; with `all`, the revoked ones too. */
export function readChatLinks(client: HqClient, all = false): Promise<ChatLinkRow[]> {
  return readRows(client, {
    ...links,
    where: [['revoked_at', 'is', all ? undefined : null]],
    order: ['created_at', 'id'],
    isNewestFirst: true,
  });
}

export function readChatChannels(client: HqClient): Promise<ChatChannelRow[]> {
  return readRows(client, { ...channels, order: ['platform', 'id'] });
}

export function readChatBots(client: HqClient): Promise<ChatBotRow[]> {
  return readRows(client, { ...bots, order: ['platform', 'fingerprint'] });
}

/** All links, revoked ones too: an update that revokes one is how a screen learns of it. */
export function liveChatLinks(client: HqClient): LiveQuery<ChatLinkRow> {
  return watchRows<ChatLinkRow>(client, {
    ...links,
    read: () => readChatLinks(client, true),
    key: rowId,
    compare: newestFirst,
  });
}

export function liveChatChannels(client: HqClient): LiveQuery<ChatChannelRow> {
  return watchRows<ChatChannelRow>(client, {
    ...channels,
    read: () => readChatChannels(client),
    key: rowId,
    compare: byText((row) => row.platform),
  });
}

export function liveChatBots(client: HqClient): LiveQuery<ChatBotRow> {
  return watchRows<ChatBotRow>(client, {
    ...bots,
    read: () => readChatBots(client),
    key: botName,
    compare: (a, b) => (botName(a) < botName(b) ? -1 : 1),
  });
}

function botName({ platform, fingerprint }: ChatBotRow): string {
  return `${platform}/${fingerprint}`;
}
