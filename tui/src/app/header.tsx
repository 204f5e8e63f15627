import type { ReactNode } from 'react';
import { stoppedText } from '../columns/stopped.ts';
import { tabsOf } from '../keys/app-keys.ts';
import { widthOf } from '../table/cell.ts';
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

/** The most needs that HQ tells at once. */
const mostNeeds = 200;

/** The screens with a number, the first of the trail in bold between brackets. */
export function Tabs(): ReactNode {
  const theme = useTheme();
  const { columns } = useSize();
  const { screens, router, session } = useUi();
  const [first] = useStore(router.trail);
  const { rows, hasOlder } = useFeed(session.notifications);
  const alerts = rows.filter(
    ({ read_at, resolved_at, dismissed_at }) =>
      read_at === null && resolved_at === null && dismissed_at === null,
  ).length;
  const needs = useRows(session.needs).length;
  const counts = { alerts: countText(alerts, hasOlder), needs: countText(needs, needs >= mostNeeds) };
  return <PaintedLine text={tabsText(screens, first.screen, counts, columns, theme)} />;
}

const countText = (count: number, hasMore: boolean): string =>
  count === 0 ? '' : ` ${count}${hasMore ? '+' : ''}`;

interface Tab {
  readonly label: string;
  readonly tone: Tone;
  readonly isOpen: boolean;
}

/** Returns every tab, closer together in a narrow window; where they do not fit, those around the open one. */
export function tabsText(
  screens: readonly Screen[],
  open: string,
  counts: Readonly<Record<string, string>>,
  width: number,
  theme: Theme,
): string {
  const all = tabsOf(screens);
  const isKnown = all.some(({ name }) => name === open);
  const tabs = all.map(({ name, title }, at): Tab => {
    const count = counts[name] ?? '';
    const isOpen = isKnown ? name === open : at === 0;
    const tone = isOpen ? 'strong' : count === '' ? 'dim' : 'warn';
    return { label: `${at + 1} ${title}${count}`, tone, isOpen };
  });
  return wideText(tabs, width, theme) ?? narrowText(tabs, width, theme);
}

function wideText(tabs: readonly Tab[], width: number, theme: Theme): string | null {
  const cells = tabs.map(({ label, isOpen }) => (isOpen ? `[${label}]` : ` ${label} `));
  if (widthOf(cells.join(' ')) > width) return null;
  return tabs.map(({ tone }, at) => theme.paint(tone, cells[at] ?? '')).join(' ');
}

/** Neighbours share the column between them. `‹` and `›` stand for tabs that are left out. */
function narrowText(tabs: readonly Tab[], width: number, theme: Theme): string {
  const openAt = tabs.findIndex(({ isOpen }) => isOpen);
  let [first, end] = [0, tabs.length];
  const length = (): number => tabs.slice(first, end).reduce((sum, { label }) => sum + label.length + 1, 1);
  while (length() > width && end - first > 1) {
    if (end > openAt + 1) end--;
    else first++;
  }
  const shown = tabs.slice(first, end);
  const before = (at: number): string => {
    if (shown[at]?.isOpen) return '[';
    if (shown[at - 1]?.isOpen) return ']';
    if (at === 0 && first > 0) return '‹';
    return at === shown.length && end < tabs.length ? '›' : ' ';
  };
  const cells = shown.map(({ label, tone }, at) => theme.paint(tone, before(at) + label));
  return cells.join('') + before(shown.length);
}
