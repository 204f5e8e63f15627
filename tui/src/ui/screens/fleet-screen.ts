import type { Attention } from '@hq/shared/fleet';
import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import type { List } from '../list.ts';
import { listBody } from '../list-body.ts';
import { beside, blank, exactly } from '../panel.ts';
import type { Body, Context, Room } from '../view.ts';
import { attentionPanel } from './attention-panel.ts';
import { gatewayPanel } from './gateway-panel.ts';

/** From this width on the panels stand beside the list instead of below it. */
const wideFrom = 110;
const between = '  ';

export interface FleetScene {
  readonly list: List<GatewayRow, Context>;
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

export function fleetBody(scene: FleetScene, context: Context, room: Room): Body {
  return room.width >= wideFrom ? wide(scene, context, room) : narrow(scene, context, room);
}

function wide(scene: FleetScene, context: Context, room: Room): Body {
  const { width, height, theme } = room;
  const right = Math.floor(width * 0.44);
  const left = width - right - between.length;
  const body = listBody(scene.list, context, { ...room, width: left }, whenEmpty(scene));
  const attentionHeight = Math.min(2 + Math.max(1, scene.attention.length), Math.floor(height / 2));
  const upper = height - attentionHeight;
  const panels = [
    ...selectedPanel(scene, context, { width: right, height: upper, theme }),
    ...attentionPanel(scene.attention, context, { width: right, height: attentionHeight, theme }),
  ];
  return { lines: beside(body.lines, panels, between), rows: body.rows };
}

function narrow(scene: FleetScene, context: Context, room: Room): Body {
  const { width, height, theme } = room;
  const services = scene.list.selected?.meta.services?.length ?? 1;
  // The list comes first; the panels take what it leaves, and go when that is too little to say anything.
  const listWants = 1 + Math.max(1, scene.list.rows.length);
  const attentionWants = 2 + Math.max(1, Math.min(4, scene.attention.length));
  const panelWants = 2 + Math.max(1, Math.min(6, services)) + 3;
  const listHeight = Math.max(
    Math.min(listWants, height),
    Math.min(height, height - attentionWants - panelWants),
  );
  const kept = Math.min(listHeight, height < 14 ? height : Math.max(5, height - attentionWants - 4));
  const left = height - kept;
  const attentionHeight = left >= 3 ? Math.min(attentionWants, left) : 0;
  const panelHeight = left - attentionHeight >= 3 ? left - attentionHeight : 0;
  const body = listBody(scene.list, context, { ...room, height: kept }, whenEmpty(scene));
  const lines = [
    ...body.lines,
    ...selectedPanel(scene, context, { width, height: panelHeight, theme }),
    ...attentionPanel(scene.attention, context, { width, height: attentionHeight, theme }),
  ];
  return { lines: exactly(lines, height, width), rows: body.rows };
}

function selectedPanel(scene: FleetScene, context: Context, room: Room): string[] {
  if (room.height <= 0) return [];
  const gateway = scene.list.selected;
  if (gateway === null) return exactly([], room.height, room.width);
  const commands = scene.commands.filter(({ gateway_id }) => gateway_id === gateway.id);
  const panel = gatewayPanel(gateway, commands, context, { ...room, height: room.height - 1 });
  return [...panel, blank(room.width)];
}
