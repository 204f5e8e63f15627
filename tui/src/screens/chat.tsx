import { Box } from 'ink';
import { type ReactNode, useMemo } from 'react';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useIsLoading, useRowContext, useRows, useUi } from '../app/ui.ts';
import { chatLinksTable } from '../columns/chat-links.ts';
import type { Binding } from '../keys/binding.ts';
import { ChatPanels } from '../panels/chat-panels.tsx';
import { useList } from '../widgets/list.ts';
import { Table } from '../widgets/table.tsx';

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

export const chatScreen: Screen = {
  name: 'chat',
  tab: {
    title: 'Chat',
    aliases: ['links', 'bots'],
    summary: 'Who speaks from chats, and whether the bots are there',
  },
  isList: true,
  keys,
  crumb: () => 'Chat',
  Component: Chat,
};

/** From this width on the panels are beside the list instead of below it. */
const wideFrom = 140;
const gap = 2;
const leastForList = 6;

function Chat(): ReactNode {
  const ui = useUi();
  const { width, height } = useBodySize();
  const context = useRowContext();
  const all = useRows(ui.session.chatLinks);
  const links = useMemo(() => all.filter(({ revoked_at }) => revoked_at === null), [all]);
  const channels = useRows(ui.session.chatChannels);
  const bots = useRows(ui.session.chatBots);
  const list = useList(ui.list('chat'), chatLinksTable, links, context, {
    sort: { column: 'linked', descending: true },
  });
  const link = list.selected;
  const isWide = width >= wideFrom;
  const right = isWide ? Math.floor(width * 0.45) : width;
  const wanted = 4 + Math.max(1, bots.length) + Math.max(1, channels.length);
  const below = isWide ? 0 : Math.max(0, Math.min(wanted, height - leastForList));
  return (
    <ScreenFrame
      keys={keys}
      on={{
        link: () => ui.chat.link(),
        revoke: () => {
          if (link !== null) ui.chat.revoke(link);
        },
      }}
      list={list}
      copyText={link?.chat_user ?? null}
    >
      <Box flexDirection={isWide ? 'row' : 'column'} columnGap={gap}>
        <Table
          list={list}
          width={isWide ? width - right - gap : width}
          height={height - below}
          whenEmpty={
            useIsLoading() ? ['Reading'] : ['No chat account is linked.', 'c gives a code for yours']
          }
        />
        <ChatPanels
          bots={bots}
          channels={channels}
          context={context}
          width={right}
          height={isWide ? height : below}
        />
      </Box>
    </ScreenFrame>
  );
}
