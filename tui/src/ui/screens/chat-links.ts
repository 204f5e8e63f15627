import type { ChatLinkRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ago } from '../ages.ts';
import { whoAsked } from '../people.ts';
import type { Table } from '../table.ts';
import type { Context } from '../view.ts';

export const chatLinksTable: Table<ChatLinkRow, Context> = {
  id: ({ id }) => id,
  mark: () => ({ mark: 'good', tone: 'good' }),
  text: ({ platform, chat_user, user_id, install }, { member }) =>
    [platform, chat_user, whoAsked(user_id, member), install].map(plain).join(' '),
  columns: [
    {
      key: 'account',
      title: 'ACCOUNT',
      width: 20,
      grow: 2,
      max: 40,
      giveWay: 0,
      cell: ({ chat_user }) => ({ text: plain(chat_user), tone: 'strong' }),
    },
    {
      key: 'platform',
      title: 'PLATFORM',
      width: 9,
      giveWay: 0,
      cell: ({ platform }) => ({ text: platform }),
    },
    {
      key: 'for',
      title: 'SPEAKS FOR',
      width: 11,
      grow: 1,
      max: 20,
      giveWay: 0,
      cell: ({ user_id }, { member }) => ({ text: whoAsked(user_id, member) }),
    },
    {
      key: 'seen',
      title: 'SEEN',
      width: 7,
      giveWay: 1,
      cell: ({ last_seen_at }, { now }) => ({ text: ago(last_seen_at, now), tone: 'dim' }),
      order: ({ last_seen_at }) => (last_seen_at === null ? 0 : Date.parse(last_seen_at)),
    },
    {
      key: 'linked',
      title: 'LINKED',
      width: 8,
      giveWay: 2,
      cell: ({ created_at }, { now }) => ({ text: ago(created_at, now), tone: 'dim' }),
      order: ({ created_at }) => Date.parse(created_at),
    },
    {
      key: 'install',
      title: 'INSTALL',
      width: 12,
      grow: 1,
      max: 24,
      giveWay: 3,
      cell: ({ install }) => ({ text: plain(install), tone: 'dim' }),
    },
  ],
};
