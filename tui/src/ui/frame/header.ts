import type { Member } from '@hq/shared/client';
import { age, plain } from '@hq/shared/text';
import { cut, widthOf } from '../../table/cell.ts';
import type { Theme, Tone } from '../../theme/theme.ts';
import type { Link } from '../link.ts';
import { type Numbered, numbered } from '../place.ts';

const tabTitles: Readonly<Record<Numbered, string>> = {
  fleet: 'Fleet',
  agents: 'Agents',
  commands: 'Commands',
  alerts: 'Alerts',
  audit: 'Audit',
  secrets: 'Secrets',
  chat: 'Chat',
};

export function linkTold(link: Link, localNow: number, theme: Theme): { text: string; tone: Tone } {
  const old = link.asOf === null ? '' : age(localNow - link.asOf);
  const told = old === '' || old === 'now' ? '' : ` ${old} old`;
  switch (link.status) {
    case 'live':
      return { text: `${theme.mark('good')} LIVE`, tone: 'good' };
    case 'polling':
      return { text: `${theme.mark('warn')} POLLING${told}`, tone: 'warn' };
    case 'offline':
      return { text: `${theme.mark('bad')} OFFLINE${told}`, tone: 'bad' };
    case 'loading':
      return { text: `${theme.mark('busy')} CONNECTING`, tone: 'busy' };
  }
}

/** Who, where, and how the link is. */
export function identityLine(
  who: { readonly member: Member | null; readonly host: string; readonly isReadonly: boolean },
  link: { readonly text: string; readonly tone: Tone } | null,
  width: number,
  theme: Theme,
): string {
  const badge = who.isReadonly ? '  READ ONLY' : '';
  const right = link === null ? '' : link.text;
  const { member } = who;
  const told =
    member === null
      ? who.host
      : `${plain(member.tenant_name ?? who.host)} · ${plain(member.email ?? '')} (${member.role ?? 'no member'})`;
  const room = width - 6 - widthOf(badge) - widthOf(right) - 2;
  const shown = cut(told, room, theme.ellipsis);
  const space = ' '.repeat(Math.max(0, room - widthOf(shown)) + 1);
  const linkShown = link === null ? '' : theme.paint(link.tone, right);
  return ` ${theme.paint('strong', 'HQ')}  ${shown}${theme.paint('warn', badge)}${space} ${linkShown} `.replace(
    / {2}$/,
    '  ',
  );
}

/** The numbered screens, the one that is open in bold between its brackets. Where not all fit, the open one is among those that are shown. */
export function tabsLine(open: Numbered, newAlerts: number, width: number, theme: Theme): string {
  const tabs = numbered.map((screen, at) => {
    const count = screen === 'alerts' && newAlerts > 0 ? ` ${newAlerts}` : '';
    const label = `${at + 1} ${tabTitles[screen]}${count}`;
    const tone: Tone = screen === open ? 'strong' : count === '' ? 'dim' : 'warn';
    return { cell: screen === open ? `[${label}]` : ` ${label} `, tone };
  });
  const openAt = numbered.indexOf(open);
  const lengthTo = (first: number): number =>
    tabs.slice(first, openAt + 1).reduce((sum, { cell }) => sum + cell.length + 1, 0);
  let first = 0;
  while (first < openAt && lengthTo(first) > width) first += 1;
  let shown = '';
  let used = 0;
  for (const { cell, tone } of tabs.slice(first)) {
    if (used + cell.length + 1 > width) break;
    shown += `${theme.paint(tone, cell)} `;
    used += cell.length + 1;
  }
  return shown + ' '.repeat(Math.max(0, width - used));
}
