import type { ChatLinkRow } from '@hq/shared/rows';
import { ageOf } from '@hq/shared/text';
import type { Column, Table } from '../table/column.ts';
import { printedId } from './id.ts';
import { memberName } from './member-name.ts';
import type { RowContext } from './row-context.ts';

type ChatLinkColumn = Column<ChatLinkRow, RowContext>;

const account: ChatLinkColumn = {
  key: 'account',
  header: 'ACCOUNT',
  value: ({ chat_user }) => chat_user,
  tone: 'strong',
  width: { min: 20, max: 40, flex: 2 },
  cutTo: 10,
};
const platform: ChatLinkColumn = {
  key: 'platform',
  header: 'PLATFORM',
  value: (link) => link.platform,
  width: { min: 9 },
};
const linkedMember: ChatLinkColumn = {
  key: 'for',
  header: 'SPEAKS FOR',
  value: ({ user_id }, { member }) => memberName(user_id, member),
  width: { min: 11, max: 20, flex: 1 },
  cutTo: 8,
};
const seen: ChatLinkColumn = {
  key: 'seen',
  header: 'SEEN',
  value: ({ last_seen_at }, { now }) => ageOf(last_seen_at, now),
  tone: 'dim',
  width: { min: 7 },
  dropOrder: 1,
  sortKey: ({ last_seen_at }) => (last_seen_at === null ? 0 : Date.parse(last_seen_at)),
};
const linked: ChatLinkColumn = {
  key: 'linked',
  header: 'LINKED',
  value: ({ created_at }, { now }) => ageOf(created_at, now),
  tone: 'dim',
  width: { min: 8 },
  dropOrder: 2,
  sortKey: ({ created_at }) => Date.parse(created_at),
};
const install: ChatLinkColumn = {
  key: 'install',
  header: 'INSTALL',
  value: (link) => link.install,
  tone: 'dim',
  width: { min: 12, max: 24, flex: 1 },
  dropOrder: 3,
  cutTo: 6,
  placeholder: '–',
};

export const chatLinksTable: Table<ChatLinkRow, RowContext> = {
  id: ({ id }) => id,
  mark: () => ({ mark: 'good', tone: 'good' }),
  filterText: (link, { member }) =>
    [link.platform, link.chat_user, memberName(link.user_id, member), link.install].join(' '),
  columns: [account, platform, linkedMember, seen, linked, install],
};

export function printedChatLinkColumns(isNarrow: boolean): readonly ChatLinkColumn[] {
  return [
    printedId(isNarrow),
    platform,
    account,
    linkedMember,
    { ...linked, align: 'right' },
    { ...seen, align: 'right' },
    {
      key: 'state',
      header: 'STATE',
      value: ({ revoked_at }) => (revoked_at === null ? 'linked' : 'revoked'),
      tone: ({ revoked_at }) => (revoked_at === null ? 'good' : 'off'),
    },
    install,
  ];
}
