import type { AgentRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ago } from '../ages.ts';
import type { Table } from '../table.ts';
import { commandState, openTold, type State } from '../told.ts';
import type { Context } from '../view.ts';

const states: Readonly<Record<AgentRow['status'], State>> = {
  ready: { word: 'ready', mark: 'good', tone: 'good' },
  paused: { word: 'paused', mark: 'off', tone: 'off' },
  error: { word: 'error', mark: 'bad', tone: 'bad' },
  provisioning: { word: 'provisioning', mark: 'busy', tone: 'busy' },
  hibernating: { word: 'hibernating', mark: 'off', tone: 'off' },
};

export function agentState(agent: AgentRow): State {
  return states[agent.status];
}

function gatewaySlug(agent: AgentRow, { survey }: Context): string {
  if (agent.gateway_id === null) return 'none';
  return plain(survey.gateways.get(agent.gateway_id)?.slug ?? '');
}

export const agentsTable: Table<AgentRow, Context> = {
  id: ({ id }) => id,
  mark: agentState,
  text: (agent, context) =>
    [agent.slug, agent.name ?? '', agent.status, gatewaySlug(agent, context), agent.model ?? '']
      .map(plain)
      .join(' '),
  columns: [
    {
      key: 'agent',
      title: 'AGENT',
      width: 16,
      grow: 2,
      max: 40,
      giveWay: 0,
      cell: ({ slug }) => ({ text: plain(slug), tone: 'strong' }),
    },
    {
      key: 'name',
      title: 'NAME',
      width: 14,
      grow: 2,
      max: 32,
      giveWay: 3,
      cell: ({ name }) => ({ text: plain(name ?? '') }),
    },
    {
      key: 'state',
      title: 'STATE',
      width: 12,
      giveWay: 0,
      cell: (agent) => ({ text: agentState(agent).word, tone: agentState(agent).tone }),
    },
    {
      key: 'gateway',
      title: 'GATEWAY',
      width: 12,
      grow: 1,
      max: 24,
      giveWay: 1,
      cell: (agent, context) => ({ text: gatewaySlug(agent, context) }),
    },
    {
      key: 'seen',
      title: 'SEEN',
      width: 6,
      giveWay: 2,
      cell: ({ last_seen_at }, { now }) => ({ text: ago(last_seen_at, now), tone: 'dim' }),
      order: ({ last_seen_at }) => (last_seen_at === null ? 0 : -Date.parse(last_seen_at)),
    },
    {
      key: 'model',
      title: 'MODEL',
      width: 20,
      grow: 1,
      max: 34,
      giveWay: 4,
      cell: ({ model }) => ({ text: plain(model ?? ''), tone: 'dim' }),
    },
    {
      key: 'now',
      title: 'NOW',
      width: 20,
      grow: 2,
      giveWay: 5,
      cell: (agent, { survey, now }) => {
        const command = survey.openCommandOfAgent.get(agent.id);
        if (command === undefined) return { text: '' };
        return { text: openTold(command, now), tone: commandState(command).tone };
      },
    },
  ],
};
