import { Box } from 'ink';
import { useMemo } from 'react';
import { listScreen } from '../app/list-screen.tsx';
import { useRows } from '../app/ui.ts';
import { chatLinksTable } from '../columns/chat-links.ts';
import { type Binding, withRow } from '../keys/binding.ts';
import { ChatPanels } from '../panels/chat-panels.tsx';

const keys = [
  {
    does: 'link',
    keys: ['c'],
    short: 'link',
    about: 'get a code that links your chat account',
    writes: true,
  },
  { does: 'revoke', keys: ['d'], short: 'revoke', about: 'revoke the selected link', writes: true },
] as const satisfies readonly Binding[];

/** From this width on the panels are beside the list instead of below it. */
const wideFrom = 140;
const gap = 2;
const leastForList = 6;

export const chatScreen = listScreen({
  name: 'chat',
  tab: {
    title: 'Chat',
    aliases: ['links', 'bots'],
    summary: 'Who speaks from chats, and whether the bots are there',
  },
  crumb: () => 'Chat',
  keys,
  on: ({ ui: { chat }, row }) => ({ link: chat.link, revoke: withRow(row, chat.revoke) }),
  table: chatLinksTable,
  sort: { column: 'LINKED', descending: true },
  useRows({ session }) {
    const all = useRows(session.chatLinks);
    return useMemo(() => all.filter(({ revoked_at }) => revoked_at === null), [all]);
  },
  copyText: ({ row }) => row?.chat_user,
  whenEmpty: ['No chat account is linked.', 'c gives a code for yours'],
  Body({ ui, context, size: { width, height }, table }) {
    const channels = useRows(ui.session.chatChannels);
    const bots = useRows(ui.session.chatBots);
    const isWide = width >= wideFrom;
    const right = isWide ? Math.floor(width * 0.45) : width;
    const wanted = 4 + Math.max(1, bots.length) + Math.max(1, channels.length);
    const below = isWide ? 0 : Math.max(0, Math.min(wanted, height - leastForList));
    return (
      <Box flexDirection={isWide ? 'row' : 'column'} columnGap={gap}>
        {table({ width: isWide ? width - right - gap : width, height: height - below })}
        <ChatPanels
          bots={bots}
          channels={channels}
          context={context}
          width={right}
          height={isWide ? height : below}
        />
      </Box>
    );
  },
});
