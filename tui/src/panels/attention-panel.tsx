import type { Attention } from '@hq/shared/fleet';
import { ageOf, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import { Line, Remark, Rule } from '../widgets/line.tsx';
import { Panel, type Place } from '../widgets/panel.tsx';
import { useTheme } from '../widgets/theme.ts';

interface AttentionPanelProps extends Place {
  /** The worst first. */
  readonly items: readonly Attention[];
  /** True where older alerts, which are not read, may be among them. */
  readonly hasOlder: boolean;
  readonly now: number;
}

/** Everything that needs an operator, or a calm line. */
export function AttentionPanel({ items, hasOlder, now, width, height }: AttentionPanelProps): ReactNode {
  const theme = useTheme();
  const places = Math.max(0, height - 1);
  const shown = items.slice(0, items.length > places ? places - 1 : places);
  return (
    <Panel width={width} height={height}>
      <Rule
        title="Needs attention"
        note={items.length === 0 ? '' : `${items.length}${hasOlder ? '+' : ''}`}
      />
      {items.length === 0 ? (
        <Line
          parts={[
            { text: ` ${theme.mark('good')} `, tone: 'good' },
            { text: 'Nothing needs you.', tone: 'dim' },
          ]}
        />
      ) : null}
      {shown.map((item) => (
        <AttentionLine key={`${item.kind} ${item.name} ${item.reason} ${item.at}`} item={item} now={now} />
      ))}
      {shown.length < items.length ? <Remark text={`   and ${items.length - shown.length} more`} /> : null}
    </Panel>
  );
}

function AttentionLine({ item, now }: { readonly item: Attention; readonly now: number }): ReactNode {
  const theme = useTheme();
  const tone = item.kind === 'unread-alert' || item.kind === 'unhealthy-service' ? 'warn' : 'bad';
  const age = item.at === null || item.kind === 'stale-gateway' ? '' : `  ${ageOf(item.at, now)}`;
  return (
    <Line
      parts={[
        { text: ` ${theme.mark(tone)} `, tone },
        { text: plain(item.name), tone: 'strong' },
        { text: `  ${plain(item.reason)}` },
        { text: age, tone: 'dim' },
      ]}
    />
  );
}
