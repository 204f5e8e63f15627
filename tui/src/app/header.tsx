import type { Member } from '@hq/shared/client';
import { age, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import { tabsOf } from '../keys/app-keys.ts';
import type { Connection } from '../session/connection.ts';
import { cut, widthOf } from '../table/cell.ts';
import type { Theme, Tone } from '../theme/theme.ts';
import { PaintedLine } from '../widgets/line.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';
import type { Screen } from './screen.ts';
import { useStore } from './store.ts';
import { useRows, useUi } from './ui.ts';

interface IdentityProps {
  readonly host: string;
  readonly member: Member | null;
  readonly isReadonly: boolean;
  readonly connection: Connection | null;
  /** Local epoch milliseconds. */
  readonly now: number;
}

/** The first line: HQ, the member, and the state of the connection. */
export function Identity({ host, member, isReadonly, connection, now }: IdentityProps): ReactNode {
  const theme = useTheme();
  const { columns } = useSize();
  const badge = isReadonly ? '  READ ONLY' : '';
  const state =
    connection === null ? { text: '', tone: 'plain' as const } : connectionText(connection, now, theme);
  const who =
    member === null
      ? host
      : `${plain(member.tenant_name ?? host)} · ${plain(member.email ?? '')} (${member.role ?? 'no member'})`;
  const room = columns - 6 - widthOf(badge) - widthOf(state.text) - 2;
  const shown = cut(who, room, theme.ellipsis);
  const space = ' '.repeat(Math.max(0, room - widthOf(shown)) + 1);
  const left = ` ${theme.paint('strong', 'HQ')}  ${shown}${theme.paint('warn', badge)}`;
  return <PaintedLine text={`${left}${space} ${theme.paint(state.tone, state.text)}`} />;
}

function connectionText(
  { status, asOf }: Connection,
  now: number,
  theme: Theme,
): { text: string; tone: Tone } {
  const old = asOf === null ? '' : age(now - asOf);
  const shownAge = old === '' || old === 'now' ? '' : ` ${old} old`;
  switch (status) {
    case 'live':
      return { text: `${theme.mark('good')} LIVE`, tone: 'good' };
    case 'polling':
      return { text: `${theme.mark('warn')} POLLING${shownAge}`, tone: 'warn' };
    case 'offline':
      return { text: `${theme.mark('bad')} OFFLINE${shownAge}`, tone: 'bad' };
    case 'loading':
      return { text: `${theme.mark('busy')} CONNECTING`, tone: 'busy' };
  }
}

export function SessionIdentity({ host }: { readonly host: string }): ReactNode {
  const { session, isReadonly, rows, clock, host: terminal } = useUi();
  useStore(clock);
  const connection = useStore(rows.connection);
  return (
    <Identity
      host={host}
      member={session.member}
      isReadonly={isReadonly}
      connection={connection}
      now={terminal.now()}
    />
  );
}

/** The screens with a number, the first of the trail in bold between brackets. */
export function Tabs(): ReactNode {
  const theme = useTheme();
  const { columns } = useSize();
  const { screens, router, session } = useUi();
  const [first] = useStore(router.trail);
  const newAlerts = useRows(session.notifications).filter(
    ({ read_at, resolved_at, dismissed_at }) =>
      read_at === null && resolved_at === null && dismissed_at === null,
  ).length;
  return <PaintedLine text={tabsText(screens, first.screen, newAlerts, columns, theme)} />;
}

/** Where not all tabs fit, the open one is among those that are shown. */
export function tabsText(
  screens: readonly Screen[],
  open: string,
  newAlerts: number,
  width: number,
  theme: Theme,
): string {
  const all = tabsOf(screens);
  const openAt = Math.max(
    0,
    all.findIndex(({ name }) => name === open),
  );
  const tabs = all.map(({ name, title }, at) => {
    const count = name === 'alerts' && newAlerts > 0 ? ` ${newAlerts}` : '';
    const label = `${at + 1} ${title}${count}`;
    const tone: Tone = at === openAt ? 'strong' : count === '' ? 'dim' : 'warn';
    return { cell: at === openAt ? `[${label}]` : ` ${label} `, tone };
  });
  const lengthFrom = (first: number): number =>
    tabs.slice(first, openAt + 1).reduce((sum, { cell }) => sum + cell.length + 1, 0);
  let first = 0;
  while (first < openAt && lengthFrom(first) > width) first += 1;
  let shown = '';
  let used = 0;
  for (const { cell, tone } of tabs.slice(first)) {
    if (used + cell.length + 1 > width) break;
    shown += `${theme.paint(tone, cell)} `;
    used += cell.length + 1;
  }
  return shown;
}
