import { type GatewayCondition, gatewayCondition, isUnwell } from '@hq/shared/fleet';
import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ago } from '../ages.ts';
import type { Table } from '../table.ts';
import { commandState, openTold, type State } from '../told.ts';
import type { Context } from '../view.ts';

const states: Readonly<Record<GatewayCondition, State>> = {
  healthy: { word: 'healthy', mark: 'good', tone: 'good' },
  starting: { word: 'starting', mark: 'busy', tone: 'busy' },
  provisioning: { word: 'provisioning', mark: 'busy', tone: 'busy' },
  unhealthy: { word: 'unhealthy', mark: 'warn', tone: 'warn' },
  error: { word: 'error', mark: 'bad', tone: 'bad' },
  stale: { word: 'stale', mark: 'bad', tone: 'bad' },
  unseen: { word: 'never seen', mark: 'none', tone: 'dim' },
  paused: { word: 'paused', mark: 'off', tone: 'off' },
  hibernating: { word: 'hibernating', mark: 'off', tone: 'off' },
};

export function gatewayState(gateway: GatewayRow, { now }: Context): State {
  return states[gatewayCondition(gateway, now)];
}

/** `2 of 3`: services that are well, of all; what a stale gateway said last is not repeated as if it held. */
function servicesTold(gateway: GatewayRow, context: Context): { text: string; tone: State['tone'] } {
  const services = gateway.meta.services;
  const condition = gatewayCondition(gateway, context.now);
  if (services === undefined || condition === 'stale' || condition === 'unseen') {
    return { text: 'unknown', tone: 'dim' };
  }
  const well = services.filter(({ health }) => !isUnwell(health)).length;
  return { text: `${well} of ${services.length}`, tone: well === services.length ? 'plain' : 'warn' };
}

function nowTold(open: readonly CommandRow[], now: number): { text: string; tone: State['tone'] } {
  const [first, ...others] = open;
  if (first === undefined) return { text: '', tone: 'plain' };
  const { tone } = commandState(first);
  const more = others.length === 0 ? '' : ` +${others.length}`;
  return { text: openTold(first, now) + more, tone };
}

/** The worst first, for ordering by state. */
const urgency: readonly string[] = [
  'stale',
  'error',
  'unhealthy',
  'starting',
  'provisioning',
  'paused',
  'hibernating',
  'never seen',
  'healthy',
];

export const fleetTable: Table<GatewayRow, Context> = {
  id: ({ id }) => id,
  mark: gatewayState,
  text: (gateway, context) =>
    [gateway.slug, gateway.label ?? '', gatewayState(gateway, context).word, gateway.meta.version ?? '']
      .map(plain)
      .join(' '),
  columns: [
    {
      key: 'gateway',
      title: 'GATEWAY',
      width: 10,
      grow: 2,
      max: 30,
      giveWay: 0,
      cell: ({ slug }) => ({ text: plain(slug), tone: 'strong' }),
    },
    {
      key: 'label',
      title: 'LABEL',
      width: 18,
      grow: 1,
      max: 30,
      giveWay: 5,
      cell: ({ label }) => ({ text: plain(label ?? '') }),
    },
    {
      key: 'state',
      title: 'STATE',
      width: 12,
      giveWay: 0,
      cell: (gateway, context) => {
        const { word, tone } = gatewayState(gateway, context);
        return { text: word, tone };
      },
      order: (gateway, context) => urgency.indexOf(gatewayState(gateway, context).word),
    },
    {
      key: 'seen',
      title: 'SEEN',
      width: 5,
      giveWay: 3,
      cell: ({ last_seen_at }, { now }) => ({ text: ago(last_seen_at, now), tone: 'dim' }),
      order: ({ last_seen_at }) => (last_seen_at === null ? 0 : -Date.parse(last_seen_at)),
    },
    { key: 'services', title: 'SERVICES', width: 8, giveWay: 1, cell: servicesTold },
    {
      key: 'agents',
      title: 'AGENTS',
      width: 6,
      giveWay: 4,
      align: 'right',
      cell: ({ id }, { survey }) => ({ text: String(survey.agentsOf.get(id)?.length ?? 0) }),
      order: ({ id }, { survey }) => survey.agentsOf.get(id)?.length ?? 0,
    },
    {
      key: 'now',
      title: 'NOW',
      width: 24,
      grow: 4,
      giveWay: 2,
      cell: ({ id }, { survey, now }) => nowTold(survey.openCommandsOf.get(id) ?? [], now),
      order: ({ id }, { survey }) => -(survey.openCommandsOf.get(id)?.length ?? 0),
    },
  ],
};
