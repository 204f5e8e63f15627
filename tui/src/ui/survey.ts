import type { AgentRow, CommandRow, GatewayRow } from '@hq/shared/rows';
import { isFinished } from '@hq/shared/rows';
import { remembered } from './remembered.ts';

/** What the tables look up about each other's rows. It is another object only when one of the feeds changed. */
export interface Survey {
  readonly gateways: ReadonlyMap<string, GatewayRow>;
  readonly agents: ReadonlyMap<string, AgentRow>;
  readonly agentsOf: ReadonlyMap<string, readonly AgentRow[]>;
  /** Commands of a gateway that are not finished, the one that started first leading. */
  readonly openCommandsOf: ReadonlyMap<string, readonly CommandRow[]>;
  readonly openCommandOfAgent: ReadonlyMap<string, CommandRow>;
}

/** Looks each part over only when its own rows are another array: with thousands of agents that is most of the work. */
export function surveyor(): (
  gateways: readonly GatewayRow[],
  agents: readonly AgentRow[],
  commands: readonly CommandRow[],
) => Survey {
  const byId = remembered<Survey['gateways']>();
  const ofAgents = remembered<Pick<Survey, 'agents' | 'agentsOf'>>();
  const ofCommands = remembered<Pick<Survey, 'openCommandsOf' | 'openCommandOfAgent'>>();
  const whole = remembered<Survey>();
  return (gateways, agents, commands) =>
    whole([gateways, agents, commands], () => ({
      gateways: byId([gateways], () => new Map(gateways.map((gateway) => [gateway.id, gateway]))),
      ...ofAgents([agents], () => agentsByPlace(agents)),
      ...ofCommands([commands], () => openCommands(commands)),
    }));
}

function agentsByPlace(agents: readonly AgentRow[]): Pick<Survey, 'agents' | 'agentsOf'> {
  const agentsOf = new Map<string, AgentRow[]>();
  for (const agent of agents) push(agentsOf, agent.gateway_id, agent);
  return { agents: new Map(agents.map((agent) => [agent.id, agent])), agentsOf };
}

function openCommands(
  commands: readonly CommandRow[],
): Pick<Survey, 'openCommandsOf' | 'openCommandOfAgent'> {
  const openCommandsOf = new Map<string, CommandRow[]>();
  const openCommandOfAgent = new Map<string, CommandRow>();
  for (const command of commands) {
    if (isFinished(command)) continue;
    push(openCommandsOf, command.gateway_id, command);
    if (command.agent_id !== null && !openCommandOfAgent.has(command.agent_id)) {
      openCommandOfAgent.set(command.agent_id, command);
    }
  }
  for (const open of openCommandsOf.values()) open.sort((a, b) => startOf(a).localeCompare(startOf(b)));
  return { openCommandsOf, openCommandOfAgent };
}

/** Those that have started come first; those that wait come by when they were asked. */
function startOf(command: CommandRow): string {
  return command.started_at === null ? `~${command.created_at}` : command.started_at;
}

function push<Row>(map: Map<string, Row[]>, key: string | null, row: Row): void {
  if (key === null) return;
  const rows = map.get(key);
  if (rows === undefined) map.set(key, [row]);
  else rows.push(row);
}
