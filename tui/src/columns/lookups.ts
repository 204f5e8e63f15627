import type { AgentRow, CommandRow, GatewayRow } from '@hq/shared/rows';
import { isFinished } from '@hq/shared/rows';
import { memoizeLast } from './memoize-last.ts';

/** Rows by id and by owner, which cells look up. The object is the same until one of the feeds changes. */
export interface Lookups {
  readonly gateways: ReadonlyMap<string, GatewayRow>;
  readonly agents: ReadonlyMap<string, AgentRow>;
  readonly agentsOf: ReadonlyMap<string, readonly AgentRow[]>;
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
) => Lookups {
  const byId = memoizeLast<Lookups['gateways']>();
  const ofAgents = memoizeLast<Pick<Lookups, 'agents' | 'agentsOf'>>();
  const ofCommands = memoizeLast<Pick<Lookups, 'openCommandsOf' | 'openCommandOfAgent'>>();
  const whole = memoizeLast<Lookups>();
  return (gateways, agents, commands) =>
    whole([gateways, agents, commands], () => {
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
  const agentsOf = new Map<string, AgentRow[]>();
  for (const agent of agents) push(agentsOf, agent.gateway_id, agent);
  return { agents: new Map(agents.map((agent) => [agent.id, agent])), agentsOf };
}

function openCommands(
  commands: readonly CommandRow[],
): Pick<Lookups, 'openCommandsOf' | 'openCommandOfAgent'> {
  const openCommandsOf = new Map<string, CommandRow[]>();
  const openCommandOfAgent = new Map<string, readonly [CommandRow]>();
  for (const command of commands) {
    if (isFinished(command)) continue;
    push(openCommandsOf, command.gateway_id, command);
    if (command.agent_id !== null && !openCommandOfAgent.has(command.agent_id)) {
      openCommandOfAgent.set(command.agent_id, [command]);
    }
  }
  for (const open of openCommandsOf.values()) open.sort((a, b) => startOf(a).localeCompare(startOf(b)));
  return { openCommandsOf, openCommandOfAgent };
}

/** Sort key: the start of a command, or behind all of those its creation. */
function startOf(command: CommandRow): string {
  return command.started_at === null ? `~${command.created_at}` : command.started_at;
}

function push<Row>(map: Map<string, Row[]>, key: string | null, row: Row): void {
  if (key === null) return;
  const rows = map.get(key);
  if (rows === undefined) map.set(key, [row]);
  else rows.push(row);
}
