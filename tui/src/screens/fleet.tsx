import { needsAttention } from '@hq/shared/fleet';
import type { CommandRow } from '@hq/shared/rows';
import { Box } from 'ink';
import { type ReactNode, useMemo } from 'react';
import { listScreen } from '../app/list-screen.tsx';
import { useFeed, useRows, useUi } from '../app/ui.ts';
import { targetOf } from '../columns/commands.ts';
import { gatewaysTable } from '../columns/gateways.ts';
import type { RowContext } from '../columns/row-context.ts';
import { gatewayHandlers, gatewayKeys } from '../keys/gateway-keys.ts';
import { AttentionPanel } from '../panels/attention-panel.tsx';
import { CommandLine } from '../panels/command-line.tsx';
import { GatewayPanel } from '../panels/gateway-panel.tsx';
import { Remark, Rule } from '../widgets/line.tsx';
import { Panel, type Place } from '../widgets/panel.tsx';

/** From this width on the panels are beside the list instead of below it. */
const wideFrom = 110;
const gap = 2;
/** Milliseconds after which the need for attention is looked over though no row changed. */
const attentionMs = 5_000;

export const fleetScreen = listScreen({
  name: 'fleet',
  tab: { title: 'Fleet', aliases: ['gateways', 'gw'], summary: 'Gateways and what needs attention' },
  crumb: () => 'Fleet',
  keys: gatewayKeys,
  on: ({ ui }, gateway) => gatewayHandlers(ui, gateway),
  table: gatewaysTable,
  sort: { column: 'GATEWAY', descending: false },
  // Conditions change with the time alone.
  sortsAgainMs: 1_000,
  useRows: ({ session }) => useRows(session.gateways),
  open: ({ id }, { router }) => router.open('agents', id),
  copyText: ({ row }) => row?.slug,
  gateway: ({ row }) => row,
  whenEmpty: ['No gateway has registered yet.', 'The installer registers one; `npm start` brings its own.'],
  Body({ ui, row: gateway, context, list, size, table }) {
    const commands = useRows(ui.session.commands);
    const attention = useAttention(context);
    const { hasOlder } = useFeed(ui.session.notifications);
    const isWide = size.width >= wideFrom;
    const places = (isWide ? wideLayout : narrowLayout)(size, list.rows.length, attention.length);
    const panels = (
      <>
        <AttentionPanel items={attention} hasOlder={hasOlder} now={context.now} {...places.attention} />
        {gateway === null ? null : (
          <GatewayPanel
            gateway={gateway}
            commands={commands.filter(({ gateway_id }) => gateway_id === gateway.id)}
            context={context}
            {...places.selected}
          />
        )}
      </>
    );
    return (
      <Box columnGap={gap}>
        <Box flexDirection="column" width={places.table.width} flexShrink={0}>
          {table(places.table)}
          {isWide ? <Lately commands={commands} context={context} {...places.lately} /> : panels}
        </Box>
        {isWide ? <Box flexDirection="column">{panels}</Box> : null}
      </Box>
    );
  },
});

function useAttention(context: RowContext): ReturnType<typeof needsAttention> {
  const { session } = useUi();
  const gateways = useRows(session.gateways);
  const agents = useRows(session.agents);
  const health = useRows(session.health);
  const commands = useRows(session.commands);
  const notifications = useRows(session.notifications);
  const moment = Math.floor(context.now / attentionMs);
  return useMemo(
    () => needsAttention({ gateways, agents, health, commands, notifications }, moment * attentionMs),
    [gateways, agents, health, commands, notifications, moment],
  );
}

interface Layout {
  readonly table: Place;
  readonly attention: Place;
  readonly selected: Place;
  readonly lately: Place;
}

function wideLayout({ width, height }: Place, rows: number, needs: number): Layout {
  const right = Math.floor(width * 0.4);
  const left = width - right - gap;
  const wanted = 2 + Math.max(1, rows);
  // The place that the list does not need shows the latest commands of any gateway.
  const latelyHeight = height - wanted >= 6 ? Math.min(Math.floor(height / 2), height - wanted) : 0;
  const attentionHeight = Math.min(2 + Math.max(1, needs), Math.floor(height / 2));
  return {
    table: { width: left, height: height - latelyHeight },
    lately: { width: left, height: latelyHeight },
    attention: { width: right, height: attentionHeight },
    selected: { width: right, height: height - attentionHeight },
  };
}

/** The list comes first; the panels share what it leaves, and go where that is too little to say anything. */
function narrowLayout({ width, height }: Place, rows: number, needs: number): Layout {
  const listWants = 2 + Math.max(1, rows);
  const attentionWants = 2 + Math.max(1, Math.min(5, needs));
  const kept = height < 14 ? height : Math.min(listWants, Math.max(6, height - attentionWants - 5));
  const attentionHeight = height - kept >= 3 ? Math.min(attentionWants, height - kept) : 0;
  const rest = height - kept - attentionHeight;
  return {
    table: { width, height: kept },
    lately: { width, height: 0 },
    attention: { width, height: attentionHeight },
    selected: { width, height: rest >= 3 ? rest : 0 },
  };
}

interface LatelyProps extends Place {
  /** The newest first. */
  readonly commands: readonly CommandRow[];
  readonly context: RowContext;
}

function Lately({ commands, context, width, height }: LatelyProps): ReactNode {
  const latest = commands.slice(0, Math.max(0, height - 2));
  return (
    <Panel width={width} height={height}>
      <Rule title="Lately" />
      {latest.length === 0 ? <Remark text=" Nothing was asked yet." /> : null}
      {latest.map((command) => (
        <CommandLine
          key={command.id}
          command={command}
          now={context.now}
          target={targetOf(command, context)}
        />
      ))}
    </Panel>
  );
}
