import type { Member } from '@hq/shared/client';
import { age, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import type { Connection } from '../session/connection.ts';
import { cut, widthOf } from '../table/cell.ts';
import type { Theme, Tone } from '../theme/theme.ts';
import { PaintedLine } from '../widgets/line.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';

interface IdentityProps {
  readonly host: string;
  readonly member: Member | null;
  readonly isReadonly: boolean;
  readonly connection: Connection | null;
  /** The member who stopped all agents, and the time; null while they may work. */
  readonly stopped?: string | null;
  /** Local epoch milliseconds. */
  readonly now: number;
}

/** The first line: HQ, the member, and the state of the connection. */
export function ConnectionLine(props: IdentityProps): ReactNode {
  const { host, member, isReadonly, connection, now, stopped = null } = props;
  const theme = useTheme();
  const { columns } = useSize();
  const badge = isReadonly ? '  READ ONLY' : '';
  const state =
    connection === null ? { text: '', tone: 'plain' as const } : connectionText(connection, now, theme);
  const who = stopped ?? memberText(member, host);
  const room = columns - 6 - widthOf(badge) - widthOf(state.text) - 2;
  const shown = cut(who, room, theme.ellipsis);
  const painted = stopped === null ? shown : theme.paint('bad', shown);
  const space = ' '.repeat(Math.max(0, room - widthOf(shown)) + 1);
  const left = ` ${theme.paint('strong', 'HQ')}  ${painted}${theme.paint('warn', badge)}`;
  return <PaintedLine text={`${left}${space} ${theme.paint(state.tone, state.text)}`} />;
}

function memberText(member: Member | null, host: string): string {
  if (member === null) return host;
  return `${plain(member.tenant_name ?? host)} · ${plain(member.email ?? '')} (${member.role ?? 'no member'})`;
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
