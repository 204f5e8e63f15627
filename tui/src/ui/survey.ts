import type { AgentRow, CommandRow, GatewayRow } from '@hq/shared/rows';
import { isFinished } from '@hq/shared/rows';

/** What the tables look up about each other's rows. It is another object only when one of the feeds changed. */
export interface Survey {
  readonly gateways: ReadonlyMap<string, GatewayRow>;
  readonly agents: ReadonlyMap<string, AgentRow>;
  readonly agentsOf: ReadonlyMap<string, readonly AgentRow[]>;
  /** Commands of a gateway that are not finished, the one that started first leading. */
  readonly openCommandsOf: ReadonlyMap<string, readonly CommandRow[]>;
  readonly openCommandOfAgent: ReadonlyMap<string, CommandRow>;
}

export function survey(
  gateways: readonly GatewayRow[],
  agents: readonly AgentRow[],
  commands: readonly CommandRow[],
): Survey {
  const agentsOf = new Map<string, AgentRow[]>();
  for (const agent of agents) push(agentsOf, agent.gateway_id, agent);
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
  return {
    gateways: new Map(gateways.map((gateway) => [gateway.id, gateway])),
    agents: new Map(agents.map((agent) => [agent.id, agent])),
    agentsOf,
    openCommandsOf,
    openCommandOfAgent,
  };
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
