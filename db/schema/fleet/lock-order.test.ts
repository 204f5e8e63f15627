import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { eventually } from '../../testing/eventually.ts';
import { claimOne, exchange, expireLease } from '../../testing/exchange.ts';

let database: TestDatabase;
let writer: pg.Client;

beforeAll(async () => {
  database = await cloneDatabase();
  writer = new pg.Client({ connectionString: database.url });
  await writer.connect();
});
afterAll(async () => {
  await writer.end();
  await database.drop();
});

test('a command is given up, renewed and ended while somebody writes a row that refers to it', async () => {
  const gateway = await database.addGateway('referred');
  const add = async (runner: string) => {
    await database.query(`insert into agent_commands (action, gateway_id) values ('ping', $1)`, [gateway]);
    return claimOne(database, gateway, runner);
  };
  const [lost, held] = [await add('first'), await add('second')];
  await expireLease(database, lost.id);
  await writer.query('begin');
  try {
    for (const { id } of [lost, held]) {
      await writer.query(
        `insert into chat_cards (tenant_id, command_id, platform, install, channel, handle, shown)
         values ($2, $1, 'slack', 'T1', 'C1', '{}', 'running')`,
        [id, nilTenant],
      );
    }
    await exchange(database, { gateway, renew: [held.lease_token] });
    expect(await statusOf(lost.id)).toBe('pending');
    await exchange(database, { gateway, results: [{ token: held.lease_token, status: 'done' }] });
    expect(await statusOf(held.id)).toBe('done');
  } finally {
    await writer.query('rollback');
  }
});

test('the end of a gateway and a change of its agent do not meet half-way', async () => {
  const changes = [
    `update agents set slug = 'renamed' where id = $1`,
    `update agents set gateway_id = null where id = $1`,
    `delete from agents where id = $1`,
  ];
  for (const change of changes) {
    const gateway = await database.addGateway('doomed');
    const agent = await database.addAgent('passenger', gateway);
    await writer.query('begin');
    await writer.query('select 1 from gateways where id = $1 for update', [gateway]);
    // Both begin, the end of the gateway first, and go on once the writer lets go of it.
    const ending = database.query('delete from gateways where id = $1', [gateway]);
    await waiting(1);
    const changing = database.query(change, [agent]);
    await waiting(2);
    await writer.query('commit');
    await Promise.all([ending, changing]);
    expect(await database.query('select 1 from gateways where id = $1', [gateway])).toEqual([]);
    await database.query('delete from agents where id = $1', [agent]);
  }
});

function waiting(count: number): Promise<void> {
  return eventually(async () => {
    const rows = await database.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(rows).toHaveLength(count);
  });
}

async function statusOf(id: string): Promise<string | undefined> {
  const [row] = await database.query<{ status: string }>(`select status from agent_commands where id = $1`, [
    id,
  ]);
  return row?.status;
}
