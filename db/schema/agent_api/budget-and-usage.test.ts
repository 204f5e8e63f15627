import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let gateway: string;
let scout: string;
let call: AgentCall;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  scout = await database.addAgent('scout', gateway);
  call = await asAgent(database, scout);
});
afterAll(() => database.drop());

const run = (runId: string, cost: number, more: object = {}) =>
  call('record_usage', {
    ...{
      run_id: runId,
      session_id: 's',
      provider: 'fake',
      model: 'fake-1',
      input_tokens: 10,
      output_tokens: 5,
    },
    ...{ total_tokens: 15, cost_total_usd: cost, occurred_at: new Date().toISOString(), ...more },
  });

test('usage counts once, in the name of the agent', async () => {
  const occurred_at = new Date().toISOString();
  expect(await run('r1', 0.25, { occurred_at })).toEqual({ recorded: true });
  expect(await run('r1', 0.25, { occurred_at })).toEqual({ recorded: false });
  expect(
    await database.query(
      `select agent_id, run_id, total_tokens::int as tokens, cost_total_usd::float as cost from agent_usage`,
    ),
  ).toEqual([{ agent_id: scout, run_id: 'r1', tokens: 15, cost: 0.25 }]);
  expect(await call('budget')).toEqual({
    ...{ allowed: true, reason: null, status: 'unmetered', limit_usd: null, spent_usd: 0.25 },
    ...{ left_usd: null, dearest_call_usd: null },
  });
});

test('usage is neither negative nor in the future', async () => {
  await expect(run('r2', -1)).rejects.toMatchObject({ code: '22023', column: 'cost_total_usd' });
  await expect(run('r2', 1, { occurred_at: '2099-01-01T00:00:00Z' })).rejects.toMatchObject({
    code: '22023',
    column: 'occurred_at',
  });
  await expect(run('r2', 1, { agent_id: scout })).rejects.toMatchObject({
    code: '22023',
    column: 'agent_id',
  });
});

test('a spent budget stops the agent where the cutoff is hard, until the month is over', async () => {
  await database.query(`update agent_budgets set monthly_limit_usd = 1 where agent_id = $1`, [scout]);
  await run('r3', 1);
  expect(await call('budget')).toMatchObject({
    allowed: false,
    reason: 'budget_exceeded',
    status: 'exceeded',
  });
  await database.query(`update agent_budgets set hard_cutoff = false where agent_id = $1`, [scout]);
  expect(await call('budget')).toMatchObject({ allowed: true, reason: null, status: 'exceeded' });
  await database.query(
    `update agent_budgets set hard_cutoff = true, current_period_start = current_period_start - interval '1 month'`,
  );
  expect(await call('budget')).toMatchObject({ allowed: true, status: 'ok', spent_usd: 0, limit_usd: 1 });
});

test('a paused agent and a paused gateway are told apart', async () => {
  await database.query(`update gateways set status = 'paused' where id = $1`, [gateway]);
  expect(await call('budget')).toMatchObject({ allowed: false, reason: 'gateway_paused' });
  await database.query(`update agents set status = 'paused' where id = $1`, [scout]);
  expect(await call('budget')).toMatchObject({ allowed: false, reason: 'agent_paused' });
});
