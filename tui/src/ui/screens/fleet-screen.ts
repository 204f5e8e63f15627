import type { Attention } from '@hq/shared/fleet';
import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import { targetOf } from '../../columns/commands.ts';
import type { RowContext } from '../../columns/row-context.ts';
import type { List } from '../list.ts';
import { listBody } from '../list-body.ts';
import { beside, blank, exactly, titleRule } from '../panel.ts';
import type { Body, Room } from '../view.ts';
import { attentionPanel } from './attention-panel.ts';
import { commandLine, gatewayPanel } from './gateway-panel.ts';

/** From this width on the panels stand beside the list instead of below it. */
const wideFrom = 110;
const between = '  ';

export interface FleetScene {
  readonly list: List<GatewayRow, RowContext>;
  readonly attention: readonly Attention[];
  /** The newest first. */
  readonly commands: readonly CommandRow[];
  readonly isLoading: boolean;
}

const noGateway = [
  'No gateway has registered yet.',
  'The installer registers one; `npm start` brings its own.',
];

function whenEmpty({ isLoading }: FleetScene): readonly string[] {
  return isLoading ? ['Reading'] : noGateway;
}

export function fleetBody(scene: FleetScene, context: RowContext, room: Room): Body {
  return room.width >= wideFrom ? wide(scene, context, room) : narrow(scene, context, room);
}

function wide(scene: FleetScene, context: RowContext, room: Room): Body {
  const { width, height, theme } = room;
  const right = Math.floor(width * 0.4);
  const left = { ...room, width: width - right - between.length };
  const wanted = 2 + Math.max(1, scene.list.rows.length);
  // What the list does not need tells what was asked lately, of any gateway.
  const latelyHeight = height - wanted >= 6 ? Math.min(Math.floor(height / 2), height - wanted) : 0;
  const body = listBody(scene.list, context, { ...left, height: height - latelyHeight }, whenEmpty(scene));
  const attentionHeight = Math.min(2 + Math.max(1, scene.attention.length), Math.floor(height / 2));
  const panels = [
    ...attentionPanel(scene.attention, context, { width: right, height: attentionHeight, theme }),
    ...selectedPanel(scene, context, { width: right, height: height - attentionHeight, theme }),
  ];
  const lines = [...body.lines, ...lately(scene, context, { ...left, height: latelyHeight })];
  return { ...body, lines: beside(lines, panels, between) };
}

function narrow(scene: FleetScene, context: RowContext, room: Room): Body {
  const { width, height, theme } = room;
  const listWants = 2 + Math.max(1, scene.list.rows.length);
  const attentionWants = 2 + Math.max(1, Math.min(5, scene.attention.length));
  // The list comes first; the panels share what it leaves, and go where that is too little to say anything.
  const kept = height < 14 ? height : Math.min(listWants, Math.max(6, height - attentionWants - 5));
  const attentionHeight = height - kept >= 3 ? Math.min(attentionWants, height - kept) : 0;
  const rest = height - kept - attentionHeight;
  const panelHeight = rest >= 3 ? rest : 0;
  const body = listBody(scene.list, context, { ...room, height: kept }, whenEmpty(scene));
  const lines = [
    ...body.lines,
    ...attentionPanel(scene.attention, context, { width, height: attentionHeight, theme }),
    ...selectedPanel(scene, context, { width, height: panelHeight, theme }),
  ];
  return { ...body, lines: exactly(lines, height, width) };
}

function selectedPanel(scene: FleetScene, context: RowContext, room: Room): string[] {
  if (room.height <= 0) return [];
  const gateway = scene.list.selected;
  if (gateway === null) return exactly([], room.height, room.width);
  const commands = scene.commands.filter(({ gateway_id }) => gateway_id === gateway.id);
  return gatewayPanel(gateway, commands, context, room);
}

function lately(scene: FleetScene, context: RowContext, room: Room): string[] {
  const { width, height, theme } = room;
  if (height <= 0) return [];
  const lines = scene.commands
    .slice(0, height - 2)
    .map((command) => commandLine(command, context, room, targetOf(command, context)));
  const shown = lines.length === 0 ? [theme.paint('dim', ' Nothing was asked yet.'.padEnd(width))] : lines;
  return exactly([titleRule('Lately', '', width, theme), ...shown, blank(width)], height, width);
}
