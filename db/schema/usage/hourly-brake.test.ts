import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, assignTask, dispatch } from '../../testing/dispatch.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let admin: Caller;
let gateway: string;
let agent: string;
let slug: string;
let call: AgentCall;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
  admin = await database.addUser({ role: 'admin' });
  gateway = await database.addGateway('attic');
});
beforeEach(async () => {
  count += 1;
  slug = `spender-${count}`;
  agent = await addAwakeAgent(database, slug, gateway);
  call = await asAgent(database, agent);
});
afterAll(() => database.drop());

const spend = (usd: number, ago = 0) =>
  call('record_usage', {
    ...{ run_id: crypto.randomUUID(), provider: 'p', model: 'm', cost_total_usd: usd },
    occurred_at: new Date(Date.now() - ago).toISOString(),
  });
const setBudget = (payload: object) => enqueue(database, admin, 'set_budget', { agent: slug, payload });
const alerts = () =>
  database.query(
    `select title, resolved_at is null as open from notifications where type = 'hourly_brake' and entity_id = $1`,
    [agent],
  );
const letHourPass = () =>
  database.query(`update hq.agent_hours set began_at = began_at - interval '1 hour' where agent_id = $1`, [
    agent,
  ]);

test('a tenth of the month within an hour stops an agent until the hour is over, with one alert', async () => {
  expect(await setBudget({ limit_usd: '50' })).toMatchObject({
    command: { result: { hourly_limit_usd: 5 } },
  });
  await spend(4.9);
  expect(await call('budget')).toMatchObject({ allowed: true, reason: null });
  await spend(0.2);
  await spend(0.2);
  expect(await call('budget')).toMatchObject({
    allowed: false,
    reason: 'hourly_brake',
    status: 'ok',
    until: expect.stringMatching(/^\d{4}-/),
  });
  expect(await alerts()).toEqual([{ title: `${slug} spends too fast and rests`, open: true }]);
  await assignTask(database, 'more', agent);
  const { claimed, next_in_ms } = await dispatch(database, gateway, { claim: 1 });
  expect(claimed).toEqual([]);
  expect(next_in_ms).toBeGreaterThan(3_000_000);
  await letHourPass();
  expect(await call('budget')).toMatchObject({ allowed: true });
  expect((await dispatch(database, gateway, { claim: 1 })).claimed).toHaveLength(1);
  await spend(1);
  expect(await alerts()).toMatchObject([{ open: false }]);
});

test('a turn that runs into the brake is aborted', async () => {
  await setBudget({ limit_usd: '50' });
  await assignTask(database, 'work', agent);
  const { claimed } = await dispatch(database, gateway, {
    claim: 10,
    settings: { max_concurrent_wakes: 10 },
  });
  const mine = claimed.find(({ agent_id }) => agent_id === agent);
  await spend(6);
  const { cancel } = await dispatch(database, gateway, { renew: claimed.map(({ token }) => ({ token })) });
  expect(cancel).toContainEqual({ token: mine?.token, reason: 'hourly_brake' });
});

test('a limit of its own or the workspace’s comes before the tenth, and a raised one lets it go on at once', async () => {
  await database.query(`insert into workspace (name, settings) values ('HQ', '{"hourly_limit_usd": 2}')`);
  await setBudget({ limit_usd: '500' });
  await spend(2);
  expect(await call('budget')).toMatchObject({ reason: 'hourly_brake' });
  expect(await setBudget({ limit_usd: '500', hourly_limit_usd: '3' })).toMatchObject({
    command: { result: { hourly_limit_usd: 3 } },
  });
  expect(await call('budget')).toMatchObject({ allowed: true });
  expect(await alerts()).toMatchObject([{ open: false }]);
  await setBudget({ limit_usd: '500', hourly_limit_usd: 'default' });
  expect(await call('budget')).toMatchObject({ reason: 'hourly_brake' });
  await database.query(`delete from workspace`);
});

test('an agent without a limit has no brake, and late usage of an earlier hour is not counted', async () => {
  await spend(1000);
  expect(await call('budget')).toMatchObject({ allowed: true });
  await setBudget({ limit_usd: '10000' });
  await spend(900, 2 * 3_600_000);
  expect(await call('budget')).toMatchObject({ reason: 'hourly_brake' });
  await letHourPass();
  await spend(1);
  await spend(999, 30 * 60_000);
  expect(await call('budget')).toMatchObject({ allowed: true });
});

test('fifty calls at the same moment are all counted', async () => {
  await setBudget({ limit_usd: '1000' });
  await Promise.all(Array.from({ length: 50 }, () => spend(0.5)));
  expect(
    await database.query(`select spend_usd::float as usd from hq.agent_hours where agent_id = $1`, [agent]),
  ).toEqual([{ usd: 25 }]);
  expect(await call('budget')).toMatchObject({ spent_usd: 25 });
});

test('a time zone that Postgres does not know is refused, and loses no usage where it stands already', async () => {
  await setBudget({ limit_usd: '10' });
  await expect(
    database.query(`update agent_budgets set period_anchor_tz = 'Mars/Olympus' where agent_id = $1`, [agent]),
  ).rejects.toMatchObject({ code: '22023', column: 'period_anchor_tz' });
  await database.behindTheGuard(
    `update agent_budgets set period_anchor_tz = 'Mars/Olympus' where agent_id = $1`,
    [agent],
  );
  expect(await spend(0.5)).toEqual({ recorded: true });
  expect(await call('budget')).toMatchObject({ allowed: true, spent_usd: 0.5 });
});
