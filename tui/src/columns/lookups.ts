import type { AgentHealthRow, AgentRow, CommandRow, GatewayRow } from '@hq/shared/rows';
import { isFinished } from '@hq/shared/rows';
import { memoizeLast } from './memoize-last.ts';

/** Rows by id and by owner, which cells look up. The object is the same until one of the feeds changes. */
export interface Lookups {
  readonly gateways: ReadonlyMap<string, GatewayRow>;
  readonly agents: ReadonlyMap<string, AgentRow>;
  readonly agentsOf: ReadonlyMap<string, readonly AgentRow[]>;
  readonly healthOf: ReadonlyMap<string, AgentHealthRow>;
  /** Unfinished commands of a gateway, by their start; waiting ones last. */
  readonly openCommandsOf: ReadonlyMap<string, readonly CommandRow[]>;
  /** The newest unfinished command of an agent, alone. */
  readonly openCommandOfAgent: ReadonlyMap<string, readonly [CommandRow]>;
}

/** Computes each part when it is read, and again only when its own rows are another array: thousands of agents are most of the work. */
export function createLookups(): (
  gateways: readonly GatewayRow[],
  agents: readonly AgentRow[],
  commands: readonly CommandRow[],
  health: readonly AgentHealthRow[],
) => Lookups {
  const byId = memoizeLast<Lookups['gateways']>();
  const ofAgents = memoizeLast<Pick<Lookups, 'agents' | 'agentsOf'>>();
  const ofHealth = memoizeLast<Lookups['healthOf']>();
  const ofCommands = memoizeLast<Pick<Lookups, 'openCommandsOf' | 'openCommandOfAgent'>>();
  const whole = memoizeLast<Lookups>();
  return (gateways, agents, commands, health) =>
    whole([gateways, agents, commands, health], () => {
      const ofAgent = () => ofAgents([agents], () => agentsByGateway(agents));
      const ofCommand = () => ofCommands([commands], () => openCommands(commands));
      return {
        get gateways() {
          return byId([gateways], () => new Map(gateways.map((gateway) => [gateway.id, gateway])));
        },
        get agents() {
          return ofAgent().agents;
        },
        get agentsOf() {
          return ofAgent().agentsOf;
        },
        get healthOf() {
          return ofHealth([health], () => new Map(health.map((row) => [row.agent_id, row])));
        },
        get openCommandsOf() {
          return ofCommand().openCommandsOf;
        },
        get openCommandOfAgent() {
          return ofCommand().openCommandOfAgent;
        },
      };
    });
}

function agentsByGateway(agents: readonly AgentRow[]): Pick<Lookups, 'agents' | 'agentsOf'> {
  return {
    agents: new Map(agents.map((agent) => [agent.id, agent])),
    agentsOf: Map.groupBy(agents, ({ gateway_id }) => gateway_id ?? ''),
  };
}

function openCommands(
  commands: readonly CommandRow[],
): Pick<Lookups, 'openCommandsOf' | 'openCommandOfAgent'> {
  const open = commands.filter((command) => !isFinished(command));
  const openCommandsOf = Map.groupBy(open, ({ gateway_id }) => gateway_id ?? '');
  for (const some of openCommandsOf.values()) some.sort((a, b) => startOf(a).localeCompare(startOf(b)));
  // The newest comes last, and stays.
  const ofAgents = open.toReversed().map((command) => [command.agent_id ?? '', [command]] as const);
  return { openCommandsOf, openCommandOfAgent: new Map(ofAgents) };
}

/** Sort key: the start of a command, or behind all of those its creation. */
function startOf(command: CommandRow): string {
  return command.started_at === null ? `~${command.created_at}` : command.started_at;
}

/** Returns the slug of the row with this id, null for no id and for a row that is not there. */
export function slugIn(
  rows: ReadonlyMap<string, { readonly slug: string }>,
  id: string | null,
): string | null {
  return rows.get(id ?? '')?.slug ?? null;
}
