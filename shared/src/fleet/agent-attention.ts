import { type AgentHealthRow, type AgentRow, isTrouble } from '../rows/index.ts';

export interface AgentsOfFleet {
  readonly agents: readonly AgentRow[];
  /** Health of the agents; none where it is not known. */
  readonly health: readonly AgentHealthRow[];
}

interface AgentProblem {
  readonly kind: 'agent-error' | 'agent-trouble';
  readonly id: string;
  readonly name: string;
  readonly reason: string;
  readonly at: string | null;
}

/** The state that each kind of alert tells of. */
const stateOfAlert: Readonly<Record<string, string>> = {
  agent_error: 'error',
  agent_signed_out: 'signed_out',
  agent_stuck: 'stuck',
  agent_stalled: 'stalled',
  agent_full: 'full',
  agent_mute: 'mute',
  budget_exceeded: 'over_budget',
  hourly_brake: 'over_budget',
};

/** Returns the agents that do not answer, with the reason. */
export function agentAttention({ agents, health }: AgentsOfFleet): AgentProblem[] {
  const healthOf = new Map(health.map((row) => [row.agent_id, row]));
  return agents.flatMap((agent): AgentProblem[] => {
    const { id, slug: name } = agent;
    const known = healthOf.get(id);
    if (agent.status === 'error') {
      const reason = known?.state === 'error' ? known.reason : 'the agent is in error';
      return [{ kind: 'agent-error', id, name, reason, at: agent.updated_at }];
    }
    // A gateway that is away is in the list itself, and a provider that is away for a moment needs nobody.
    const isElsewhere = known?.state === 'held' || (known?.state === 'offline' && agent.gateway_id !== null);
    if (known === undefined || !isTrouble(known) || isElsewhere) return [];
    const reason = `${known.state.replaceAll('_', ' ')}: ${known.reason}`;
    return [{ kind: 'agent-trouble', id, name, reason, at: known.since }];
  });
}

/** Returns true for an alert that repeats the state of an agent in the list. */
export function isCoveredByAgent(type: string, id: string, { agents, health }: AgentsOfFleet): boolean {
  const state = stateOfAlert[type];
  if (state === undefined) return false;
  const isInError = state === 'error' && agents.some((agent) => agent.id === id);
  return isInError || health.some((row) => row.agent_id === id && row.state === state);
}
