import { anon, service, type TestDatabase } from './database.ts';

/** Calls `agent_call` as one agent does: with the anonymous key and its credential. */
export type AgentCall = (operation: string, args?: object) => Promise<Record<string, unknown>>;

/** Issues a credential for the agent and returns its calls. */
export async function asAgent(database: TestDatabase, agentId: string): Promise<AgentCall> {
  const [issued] = await database.as<{ token: string }>(
    service,
    `select issue_agent_credential($1) as token`,
    [agentId],
  );
  const token = issued?.token ?? '';
  return async (operation, args = {}) => {
    const [row] = await database.as<{ answer: Record<string, unknown> }>(
      anon,
      `select agent_call($1, $2, $3) as answer`,
      [token, operation, JSON.stringify(args)],
    );
    return row?.answer ?? {};
  };
}
