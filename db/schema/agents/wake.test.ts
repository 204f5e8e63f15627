import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let gateway: string;
let operator: Caller;
let scout: string;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  operator = await database.addUser({ role: 'admin' });
  scout = await database.addAgent('scout', gateway);
});
beforeEach(async () => {
  await database.query(`update agents set status = 'ready', openclaw_id = 'scout', meta = '{}'`);
  await database.query(`update gateways set status = 'ready'`);
  await database.query(`delete from agent_budgets`);
});
afterAll(() => database.drop());

const wake = () =>
  enqueue(database, operator, 'wake_agent', { agent: 'scout', payload: { message: 'Look' } });
const refusal = async () => (await wake()).refused;

test('an agent that works is woken', async () => {
  expect(await wake()).toMatchObject({ created: true, command: { status: 'pending' } });
  // It works with its old credential while something about it cannot be changed.
  await database.query(`update agents set status = 'error', meta = '{"error": "its token is missing"}'`);
  expect(await wake()).toMatchObject({ created: true });
});

test('a paused agent is refused at once, with what to do', async () => {
  await database.query(`update agents set status = 'paused'`);
  expect(await refusal()).toEqual({
    ...{ code: 'conflict', field: 'agent', message: 'scout is paused' },
    hint: 'resume_agent lets it work again.',
  });
  await enqueue(database, operator, 'resume_agent', { agent: 'scout' });
  expect(await wake()).toMatchObject({ created: true });
});

test('so is an agent of a paused gateway', async () => {
  await database.query(`update gateways set status = 'paused'`);
  expect(await refusal()).toMatchObject({
    ...{ code: 'conflict', field: 'gateway', message: 'the gateway attic is paused' },
    hint: 'resume_gateway lets its agents work again.',
  });
});

test('so is an agent that is not there yet', async () => {
  await database.query(`update agents set status = 'provisioning', openclaw_id = null`);
  expect(await refusal()).toMatchObject({ code: 'conflict', message: expect.stringContaining('not ready') });
  await database.query(`update agents set status = 'error', meta = '{"error": "its slug is in use"}'`);
  expect(await refusal()).toMatchObject({
    message: 'scout is not on its gateway: its slug is in use',
    hint: expect.stringMatching(/update.*remove/),
  });
});

test('so is an agent that has used up its budget, until it has more', async () => {
  await enqueue(database, operator, 'set_budget', {
    agent: 'scout',
    payload: { limit_usd: '1', hard_cutoff: true },
  });
  await database.query(
    `update agent_budgets set current_period_spend_usd = 1.5, current_period_start = date_trunc('month', now() at time zone period_anchor_tz)::date
     where agent_id = $1`,
    [scout],
  );
  expect(await refusal()).toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/^scout has used up its budget: 1\.50 of 1(\.\d+)? USD this month$/),
    hint: 'top_up_budget or set_budget gives it more.',
  });
  await enqueue(database, operator, 'top_up_budget', { agent: 'scout', payload: { amount_usd: 5 } });
  expect(await wake()).toMatchObject({ created: true });
});
