import { service, type TestDatabase } from './database.ts';

interface ClaimedTurn {
  readonly item_id: string;
  readonly token: string;
  readonly attempt: number;
  readonly event: string;
  readonly agent_id: string;
  readonly agent_slug: string;
  readonly openclaw_id: string;
  readonly session_key: string;
  readonly run_id: string;
  readonly model: string | null;
  readonly thinking: string | null;
  readonly timeout_seconds: number;
  readonly item: Readonly<Record<string, unknown>> | null;
}

export interface DispatchAnswer {
  readonly now: string;
  readonly dispatch_version: number | null;
  readonly claimed: readonly ClaimedTurn[];
  readonly adopted: readonly ClaimedTurn[];
  readonly lost: readonly string[];
  readonly cancel: readonly { readonly token: string; readonly reason: string }[];
  readonly next_in_ms: number | null;
}

/** One exchange of a gateway's dispatcher, through the API's role. */
export async function dispatch(
  database: TestDatabase,
  gateway: string,
  request: Readonly<Record<string, unknown>> = {},
): Promise<DispatchAnswer> {
  const [row] = await database.as<{ answer: DispatchAnswer }>(
    service,
    `select dispatch_exchange($1, $2) as answer`,
    [gateway, JSON.stringify({ runner: 'runner-1', lease_seconds: 60, ...request })],
  );
  if (row === undefined) throw new Error('dispatch_exchange gave no answer');
  return row.answer;
}

/** Adds an agent that is on its gateway and may be woken. */
export async function addAwakeAgent(database: TestDatabase, slug: string, gateway: string): Promise<string> {
  const agent = await database.addAgent(slug, gateway);
  await database.query(`update agents set openclaw_id = $2 where id = $1`, [agent, `home-${slug}`]);
  return agent;
}

/** Adds a task for the agent. Returns its id. */
export async function assignTask(database: TestDatabase, title: string, agent: string): Promise<string> {
  const [row] = await database.query<{ id: string }>(
    `insert into tasks (title, assignee_agent_id) values ($1, $2) returning id`,
    [title, agent],
  );
  if (row === undefined) throw new Error('the task was not written');
  return row.id;
}
