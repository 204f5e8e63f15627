import { service, type TestDatabase } from './database.ts';

export interface ClaimedCommand {
  readonly id: string;
  readonly action: string;
  readonly payload: unknown;
  readonly agent_slug: string | null;
  readonly attempt: number;
  readonly lease_token: string;
  readonly lease_seconds: number;
  readonly timeout_seconds: number;
  readonly created_at: string;
  readonly requested_by: string | null;
  readonly origin: string;
}

export interface ExchangeAnswer {
  readonly now: string;
  readonly gateway_status: string | null;
  readonly claimed: readonly ClaimedCommand[];
  readonly cancel: readonly string[];
  readonly lost: readonly string[];
  readonly sweep_in_ms: number | null;
  readonly secrets_version: number | null;
  readonly agents_version: number | null;
  readonly dispatch_version: number | null;
}

export interface ExchangeRequest {
  readonly gateway: string;
  readonly runner?: string;
  readonly claim?: number;
  readonly leaseSeconds?: number;
  readonly renew?: readonly string[];
  readonly output?: unknown;
  readonly progress?: unknown;
  readonly results?: unknown;
  readonly beat?: unknown;
}

/** One turn of a runner, through the API's role. */
export async function exchange(database: TestDatabase, turn: ExchangeRequest): Promise<ExchangeAnswer> {
  const [row] = await database.as<{ answer: ExchangeAnswer }>(
    service,
    `select runner_exchange($1, $2, $3, $4, $5, $6, $7, $8, $9) as answer`,
    [
      turn.gateway,
      turn.runner ?? 'runner-1',
      turn.claim ?? 0,
      turn.leaseSeconds ?? 60,
      turn.renew ?? [],
      JSON.stringify(turn.output ?? []),
      JSON.stringify(turn.progress ?? []),
      JSON.stringify(turn.results ?? []),
      turn.beat === undefined ? null : JSON.stringify(turn.beat),
    ],
  );
  if (row === undefined) throw new Error('runner_exchange gave no answer');
  return row.answer;
}

/** Claims exactly one command and gives it. */
export async function claimOne(
  database: TestDatabase,
  gateway: string,
  runner = 'runner-1',
): Promise<ClaimedCommand> {
  const { claimed } = await exchange(database, { gateway, runner, claim: 1 });
  const [command] = claimed;
  if (command === undefined) throw new Error('nothing was there to claim');
  return command;
}

/** Lets the lease of a held row run out, without waiting for it. */
export async function expireLease(database: TestDatabase, id: string): Promise<void> {
  await database.behindTheGuard(
    `update agent_commands set leased_until = clock_timestamp() - interval '1 second' where id = $1`,
    [id],
  );
}

/** Asks for a command as the service role; gives its id. */
export async function ask(
  database: TestDatabase,
  gateway: string,
  action: string,
  more: { payload?: unknown; agent?: string } = {},
): Promise<string> {
  const [row] = await database.as<{ id: string }>(
    service,
    `insert into agent_commands (action, gateway_id, payload, agent_id) values ($1, $2, $3, $4) returning id`,
    [action, gateway, JSON.stringify(more.payload ?? {}), more.agent ?? null],
  );
  if (row === undefined) throw new Error('the command was not written');
  return row.id;
}

interface CommandRow {
  readonly status: string;
  readonly attempt: number;
  readonly error_message: string | null;
  readonly exit_code: number | null;
  readonly stdout: string | null;
  readonly lease_token: string | null;
  readonly runner_id: string | null;
  readonly result: unknown;
  readonly progress: unknown;
}

export async function readCommand(database: TestDatabase, id: string): Promise<CommandRow> {
  const [row] = await database.query<CommandRow>(
    `select status, attempt, error_message, exit_code, stdout, lease_token, runner_id, result, progress
     from agent_commands where id = $1`,
    [id],
  );
  if (row === undefined) throw new Error('the row is gone');
  return row;
}
