import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let agent: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
  await database.query(`insert into workspace (name, default_agent_budget_usd) values ('HQ', 10)`);
});
afterAll(() => database.drop());
beforeEach(async () => {
  count += 1;
  agent = await database.addAgent(`spender-${count}`, null);
});

const use = (usd: number, at = 'now()', run: string = crypto.randomUUID()) =>
  database.as(
    service,
    `insert into agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd, occurred_at)
     values ($1, $2, 'p', 'm', 100, $3, ${at})`,
    [agent, run, usd],
  );
const budget = async () =>
  (
    await database.query(
      `select status, current_period_spend_usd::float as cost, current_period_tokens::int as tokens, monthly_limit_usd::float as limit
       from agent_budgets where agent_id = $1`,
      [agent],
    )
  )[0];

test('usage adds up to the month’s cost, from the workspace’s default limit', async () => {
  await use(1.5);
  await use(2.25);
  expect(await budget()).toEqual({ status: 'ok', cost: 3.75, tokens: 200, limit: 10 });
});

test('a budget that is nearly used and used up raises one alert each', async () => {
  await use(8);
  expect((await budget())?.status).toBe('warned');
  await use(1);
  await use(1);
  expect((await budget())?.status).toBe('exceeded');
  await use(1);
  const told = await database.query(
    `select type, title from notifications where entity_id = $1 and type like 'budget%' order by created_at`,
    [agent],
  );
  expect(told).toEqual([
    { type: 'budget_warned', title: `spender-${count} has nearly used its budget` },
    { type: 'budget_exceeded', title: `spender-${count} has used up its budget` },
  ]);
});

test('raising the limit opens the agent again at once', async () => {
  const admin = await database.addUser({ role: 'admin' });
  await use(10);
  await database.as(admin, `update agent_budgets set monthly_limit_usd = 100 where agent_id = $1`, [agent]);
  expect((await budget())?.status).toBe('ok');
  await database.as(admin, `update agent_budgets set monthly_limit_usd = null where agent_id = $1`, [agent]);
  expect((await budget())?.status).toBe('unmetered');
});

test('a new month begins at nothing, and what arrives late for the old one is not counted to it', async () => {
  await use(9);
  await use(1, `now() + interval '32 days'`);
  expect(await budget()).toMatchObject({ cost: 1, tokens: 100, status: 'ok' });
  await use(5);
  expect(await budget()).toMatchObject({ cost: 1 });
});

test('the same usage handed in twice counts once', async () => {
  const at = `'${new Date().toISOString()}'`;
  await use(1, at, `run-${count}`);
  await expect(use(1, at, `run-${count}`)).rejects.toMatchObject({ code: '23505' });
  expect(await budget()).toMatchObject({ tokens: 100 });
});

test('usage at the same moment by many runs loses nothing', async () => {
  await Promise.all(Array.from({ length: 20 }, () => use(0.1)));
  expect((await budget())?.cost).toBeCloseTo(2);
});

test('a budget belongs to the tenant of its agent, whatever was written', async () => {
  const other = await database.addTenant('other');
  await database.query(`insert into agent_budgets (agent_id, tenant_id) values ($1, $2)`, [agent, other.id]);
  expect(await database.query(`select tenant_id from agent_budgets where agent_id = $1`, [agent])).toEqual([
    { tenant_id: nilTenant },
  ]);
});
