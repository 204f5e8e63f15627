import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('busy');
});
afterAll(() => database.drop());

const ask = (action: string, count: number) =>
  database.as(
    service,
    `insert into agent_commands (action, gateway_id) select $1, $2 from generate_series(1, $3)`,
    [action, gateway, count],
  );

/** Runs one runner until the queue is empty; gives the ids in the order in which it got them. */
async function drain(
  runner: string,
  claim: number,
  onClaimed: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  const got: string[] = [];
  let results: unknown[] = [];
  for (;;) {
    const { claimed } = await exchange(database, { gateway, runner, claim, results });
    if (claimed.length > 0) await onClaimed();
    got.push(...claimed.map(({ id }) => id));
    const wasIdle = claimed.length === 0 && results.length === 0;
    results = claimed.map(({ lease_token: token }) => ({ token, status: 'done' }));
    if (wasIdle) {
      const [open] = await database.query<{ open: boolean }>(
        `select exists (select from agent_commands where gateway_id = $1 and status in ('pending', 'running')) as open`,
        [gateway],
      );
      if (!open?.open) return got;
    }
  }
}

const runners = ['runner-1', 'runner-2', 'runner-3', 'runner-4'];

describe('four runners on one gateway', () => {
  test('run every command once', async () => {
    await ask('ping', 400);
    const got = (await Promise.all(runners.map((runner) => drain(runner, 7)))).flat();
    expect(got).toHaveLength(400);
    expect(new Set(got).size).toBe(400);
  });

  test('never have two stack actions running together', async () => {
    await ask('restart_gateway', 15);
    await ask('restart_dispatcher', 15);
    const together: number[] = [];
    const look = async () => {
      const [row] = await database.query<{ running: number }>(
        `select count(*)::int as running from agent_commands where gateway_id = $1 and status = 'running'`,
        [gateway],
      );
      together.push(row?.running ?? 0);
    };
    const got = (await Promise.all(runners.map((runner) => drain(runner, 3, look)))).flat();
    expect(new Set(got).size).toBe(30);
    expect(Math.max(...together)).toBe(1);
  });

  test('and operators who cancel meanwhile leave every row in one final state', async () => {
    await ask('ping', 100);
    const waiting = await database.query<{ id: string }>(
      `select id from agent_commands where gateway_id = $1 and status = 'pending'`,
      [gateway],
    );
    const cancelling = Promise.all(
      waiting.map(({ id }) => database.as(service, `select cancel_command($1)`, [id])),
    );
    await Promise.all([cancelling, ...runners.map((runner) => drain(runner, 5))]);
    const states = await database.query<{ status: string; ran: boolean }>(
      `select distinct status, attempt > 0 as ran from agent_commands where id = any ($1) order by 1`,
      [waiting.map(({ id }) => id)],
    );
    for (const { status, ran } of states)
      expect([
        ['cancelled', false],
        ['done', true],
      ]).toContainEqual([status, ran]);
  });
});

describe('history', () => {
  test('is not read by a claim: the plans use the index of what is pending', async () => {
    await database.behindTheGuard(
      `insert into agent_commands (gateway_id, action, status, completed_at)
       select $1, (array['ping', 'restart_gateway']::command_action[])[1 + n % 2], 'done', now() from generate_series(1, 30000) n`,
      [gateway],
    );
    await ask('ping', 5);
    const client = new pg.Client({ connectionString: database.superuserUrl });
    const plans: string[] = [];
    client.on('notice', ({ message }) => {
      if (message !== undefined) plans.push(message);
    });
    await client.connect();
    try {
      await client.query(`analyze agent_commands; load 'auto_explain'; set auto_explain.log_min_duration = 0;
        set auto_explain.log_nested_statements = on; set client_min_messages = log`);
      // More often than it takes Postgres to settle on a generic plan.
      for (let turn = 0; turn < 8; turn += 1) {
        await client.query(`select runner_exchange($1, 'r', 1, p_heartbeat => '{}')`, [gateway]);
      }
    } finally {
      await client.end();
    }
    expect(plans.filter((plan) => plan.includes('agent_commands_pending')).length).toBeGreaterThanOrEqual(8);
    expect(plans.filter((plan) => plan.includes('Seq Scan on agent_commands'))).toEqual([]);
  });
});
