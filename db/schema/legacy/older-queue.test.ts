import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { claimOne } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let slug: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  count += 1;
  slug = `older-${count}`;
  gateway = await database.addGateway(slug);
});

const ask = async (action: string) =>
  (
    await database.query<{ id: string }>(
      `insert into agent_commands (action, gateway_id) values ($1, $2) returning id`,
      [action, gateway],
    )
  )[0]?.id;
const lease = () => database.as(service, `select id, status from lease_command(60, $1)`, [slug]);
const status = async (id: string | undefined) =>
  (
    await database.query(`select status, exit_code, error_message from agent_commands where id = $1`, [id])
  )[0];

test('an older daemon leases, starts and finishes', async () => {
  const first = await ask('update_gateway');
  const second = await ask('backup_gateway');
  expect(await lease()).toEqual([{ id: first, status: 'leased' }]);
  await database.as(service, `select start_command($1)`, [first]);
  await database.as(service, `select complete_command($1, 0, 'out', '')`, [first]);
  expect(await status(first)).toMatchObject({ status: 'done', exit_code: 0 });
  expect(await lease()).toEqual([{ id: second, status: 'leased' }]);
  await database.as(service, `select fail_command($1, 3, '', 'err', 'it broke')`, [second]);
  expect(await status(second)).toEqual({ status: 'failed', exit_code: 3, error_message: 'it broke' });
});

test('it is given nothing of a paused gateway, and nothing that a runner holds', async () => {
  const id = await ask('ping');
  await claimOne(database, gateway);
  await database.behindTheGuard(
    `update agent_commands set leased_until = now() - interval '1 minute' where id = $1`,
    [id],
  );
  expect(await lease()).toEqual([]);
  await ask('update_gateway');
  await database.query(`update gateways set status = 'paused' where id = $1`, [gateway]);
  expect(await lease()).toEqual([]);
});

test('what it leased and never started comes back when the lease runs out', async () => {
  const id = await ask('update_gateway');
  await lease();
  expect(await lease()).toEqual([]);
  await database.behindTheGuard(
    `update agent_commands set leased_until = now() - interval '1 minute' where id = $1`,
    [id],
  );
  expect(await lease()).toEqual([{ id, status: 'leased' }]);
});
