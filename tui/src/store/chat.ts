import { readAnswer } from '@hq/shared/answer';
import type { HqClient } from '@hq/shared/client';
import { createLiveQuery, type LiveQuery } from '@hq/shared/live';
import {
  type ChatBotRow,
  type ChatChannelRow,
  type ChatLinkRow,
  chatBotRow,
  chatChannelRow,
  chatLinkRow,
} from '@hq/shared/rows';
import { z } from 'zod';
import { byText, newestFirst } from './order.ts';
import { parseRow, readRows } from './read-rows.ts';

const [links, channels, bots] = ['chat_identities', 'chat_channels', 'chat_adapters'] as const;

/** The accounts that speak for a member now; those that were revoked too where that is asked for. */
export function readChatLinks(client: HqClient, all = false): Promise<ChatLinkRow[]> {
  return readRows(client, {
    table: links,
    row: chatLinkRow,
    where: [['revoked_at', 'is', all ? undefined : null]],
    order: ['created_at', 'id'],
    isNewestFirst: true,
  });
}

export function readChatChannels(client: HqClient): Promise<ChatChannelRow[]> {
  return readRows(client, { table: channels, row: chatChannelRow, order: ['platform', 'id'] });
}

export function readChatBots(client: HqClient): Promise<ChatBotRow[]> {
  return readRows(client, { table: bots, row: chatBotRow, order: ['platform', 'fingerprint'] });
}

/** Those that were revoked too: that is how the screen hears of it. */
export function chatLinksStore(client: HqClient): LiveQuery<ChatLinkRow> {
  return createLiveQuery<ChatLinkRow>({
    client: client.supabase,
    bindings: [{ table: links }],
    read: () => readChatLinks(client, true),
    parse: (record) => parseRow(chatLinkRow, record),
    key: (row) => row.id,
    compare: newestFirst,
  });
}

export function chatChannelsStore(client: HqClient): LiveQuery<ChatChannelRow> {
  return createLiveQuery<ChatChannelRow>({
    client: client.supabase,
    bindings: [{ table: channels }],
    read: () => readChatChannels(client),
    parse: (record) => parseRow(chatChannelRow, record),
    key: (row) => row.id,
    compare: byText((row) => row.platform),
  });
}

export function chatBotsStore(client: HqClient): LiveQuery<ChatBotRow> {
  return createLiveQuery<ChatBotRow>({
    client: client.supabase,
    bindings: [{ table: bots }],
    read: () => readChatBots(client),
    parse: (record) => parseRow(chatBotRow, record),
    key: botName,
    compare: (a, b) => (botName(a) < botName(b) ? -1 : 1),
  });
}

function botName({ platform, fingerprint }: ChatBotRow): string {
  return `${platform}/${fingerprint}`;
}

const issuedCode = z.object({ code: z.string(), expires_at: z.string() });
export type ChatCode = z.output<typeof issuedCode>;

/** A code that links the account of whoever sends it to this member; it is shown this once. */
export async function issueChatCode(client: HqClient): Promise<ChatCode> {
  return readAnswer(
    issuedCode,
    await client.ask<unknown>(client.supabase.rpc('issue_chat_code')),
    client.host,
  );
}

const revoked = z.object({ identity: chatLinkRow });

/** From here on that account speaks for nobody. */
export async function revokeChatLink(client: HqClient, id: string): Promise<ChatLinkRow> {
  const answer = await client.askAgain<unknown>(() =>
    client.supabase.rpc('revoke_chat_identity', { p_id: id }),
  );
  return readAnswer(revoked, answer, client.host).identity;
}
