import type { ChatLinkRow } from '@hq/shared/rows';
import type { Column, Table } from '../table/column.ts';
import { ageColumn, column } from './column-kinds.ts';
import { memberName } from './member-name.ts';
import type { RowContext } from './row-context.ts';
import { printedId } from './short-id.ts';

const account = column<ChatLinkRow>('ACCOUNT', ({ chat_user }) => chat_user, {
  tone: 'strong',
  width: { min: 20, max: 40, flex: 2 },
  cutTo: 10,
});
const platform = column<ChatLinkRow>('PLATFORM', (link) => link.platform, { width: { min: 9 } });
const linkedMember = column<ChatLinkRow>(
  'SPEAKS FOR',
  ({ user_id }, { member }) => memberName(user_id, member),
  { width: { min: 11, max: 20, flex: 1 }, cutTo: 8 },
);
const seen = ageColumn<ChatLinkRow>('SEEN', (link) => link.last_seen_at, { width: { min: 7 }, dropOrder: 1 });
const linked = ageColumn<ChatLinkRow>('LINKED', (link) => link.created_at, {
  width: { min: 8 },
  dropOrder: 2,
});
const install = column<ChatLinkRow>('INSTALL', (link) => link.install, {
  tone: 'dim',
  width: { min: 12, max: 24, flex: 1 },
  dropOrder: 3,
  cutTo: 6,
  placeholder: '–',
});

export const chatLinksTable: Table<ChatLinkRow, RowContext> = {
  mark: () => ({ mark: 'good', tone: 'good' }),
  searched: (link, { member }) => [
    link.platform,
    link.chat_user,
    memberName(link.user_id, member),
    link.install,
  ],
  columns: [account, platform, linkedMember, seen, linked, install],
};

export function printedChatLinkColumns(
  rows: readonly ChatLinkRow[],
  isNarrow: boolean,
): readonly Column<ChatLinkRow, RowContext>[] {
  return [
    printedId(rows, isNarrow),
    platform,
    account,
    linkedMember,
    { ...linked, align: 'right' },
    { ...seen, align: 'right' },
    column('STATE', ({ revoked_at }) => (revoked_at === null ? 'linked' : 'revoked'), {
      tone: ({ revoked_at }) => (revoked_at === null ? 'good' : 'off'),
    }),
    install,
  ];
}
