import type { ReactNode } from 'react';
import { stoppedText } from '../columns/stopped.ts';
import { tabsOf } from '../keys/app-keys.ts';
import type { Theme, Tone } from '../theme/theme.ts';
import { PaintedLine } from '../widgets/line.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';
import { ConnectionLine } from './connection-line.tsx';
import type { Screen } from './screen.ts';
import { useStore } from './store.ts';
import { useFeed, useRows, useUi } from './ui.ts';

export function SessionLine({ host }: { readonly host: string }): ReactNode {
  const { session, isReadonly, rows, clock, host: terminal } = useUi();
  useStore(clock);
  const connection = useStore(rows.connection);
  const stopped = stoppedText(useRows(session.workspace), session.member, session.now());
  return (
    <ConnectionLine
      host={host}
      member={session.member}
      isReadonly={isReadonly}
      connection={connection}
      stopped={stopped === null ? null : `${stopped}: X resumes`}
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
  const { rows, hasOlder } = useFeed(session.notifications);
  const { length } = rows.filter(
    ({ read_at, resolved_at, dismissed_at }) =>
      read_at === null && resolved_at === null && dismissed_at === null,
  );
  const newAlerts = length === 0 ? '' : `${length}${hasOlder ? '+' : ''}`;
  return <PaintedLine text={tabsText(screens, first.screen, newAlerts, columns, theme)} />;
}

/** Returns the tabs that fit, the open one always among them. */
export function tabsText(
  screens: readonly Screen[],
  open: string,
  newAlerts: string,
  width: number,
  theme: Theme,
): string {
  const all = tabsOf(screens);
  const openAt = Math.max(
    0,
    all.findIndex(({ name }) => name === open),
  );
  const tabs = all.map(({ name, title }, at) => {
    const count = name === 'alerts' && newAlerts !== '' ? ` ${newAlerts}` : '';
    const label = `${at + 1} ${title}${count}`;
    const tone: Tone = at === openAt ? 'strong' : count === '' ? 'dim' : 'warn';
    return { cell: at === openAt ? `[${label}]` : ` ${label} `, tone };
  });
  const lengthFrom = (first: number): number =>
    tabs.slice(first, openAt + 1).reduce((sum, { cell }) => sum + cell.length + 1, -1);
  let first = 0;
  while (first < openAt && lengthFrom(first) > width) first += 1;
  const shown: string[] = [];
  let used = 0;
  for (const { cell, tone } of tabs.slice(first)) {
    if (used + cell.length > width) break;
    shown.push(theme.paint(tone, cell));
    used += cell.length + 1;
  }
  return shown.join(' ');
}
