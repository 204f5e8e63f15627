import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, assignTask, dispatch } from '../../testing/dispatch.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let operator: Caller;
let gateway: string;
let scout: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
  operator = await database.addUser({ role: 'operator' });
});
beforeEach(async () => {
  count += 1;
  gateway = await database.addGateway(`gateway-${count}`);
  await database.query(`update gateways set last_seen_at = clock_timestamp() where id = $1`, [gateway]);
  scout = await addAwakeAgent(database, `scout-${count}`, gateway);
});
afterAll(() => database.drop());

const claim = async (settings: object = {}, more: object = {}) =>
  (await dispatch(database, gateway, { claim: 10, settings: { wake_cooldown: 0, ...settings }, ...more }))
    .claimed;
const end = (token: string | undefined, outcome: string, more: object = {}, settings: object = {}) =>
  dispatch(database, gateway, {
    results: [{ token, outcome, ...more }],
    settings: { wake_cooldown: 0, ...settings },
  });
const whyWaits = async (agent = scout) => {
  const [row] = await database.query<{
    wait: { reason: string; until: string | null; place: number } | null;
  }>(
    `select hq.item_wait(i) as wait from agent_inbox_items i
     where i.agent_id = $1 and i.status in ('pending', 'leased') order by i.created_at limit 1`,
    [agent],
  );
  return row?.wait?.reason;
};

describe('an agent is not woken', () => {
  test('while a turn of it is in flight, and its second item says its place', async () => {
    await assignTask(database, 'one', scout);
    await assignTask(database, 'two', scout);
    expect(await claim()).toHaveLength(1);
    expect(await claim()).toEqual([]);
    expect(
      await database.query(
        `select hq.item_wait(i) -> 'place' as place, hq.item_wait(i) -> 'reason' as reason from agent_inbox_items i
         where agent_id = $1 order by created_at`,
        [scout],
      ),
    ).toEqual([
      { place: null, reason: null },
      { place: 2, reason: 'in_turn' },
    ]);
  });

  test('while its gateway has as many turns as it may have', async () => {
    const others = await Promise.all(
      ['a', 'b', 'c'].map((name) => addAwakeAgent(database, `${name}-${count}`, gateway)),
    );
    for (const agent of others) await assignTask(database, 'work', agent);
    expect(await claim()).toHaveLength(2);
    expect(await claim()).toHaveLength(0);
    expect(await claim({ max_concurrent_wakes: 3 })).toHaveLength(1);
  });

  test('within its cooldown, which doubles with each failure', async () => {
    await assignTask(database, 'one', scout);
    const [turn] = await claim({ wake_cooldown: 20 });
    const { next_in_ms } = await end(turn?.token, 'failed', { error: 'no' }, { wake_cooldown: 20 });
    expect(next_in_ms).toBeGreaterThan(30_000);
    expect(next_in_ms).toBeLessThanOrEqual(40_000);
    expect(await claim()).toEqual([]);
    expect(await whyWaits()).toBe('cooldown');
  });

  test('while it or its gateway is paused, and is at once when it is resumed', async () => {
    await assignTask(database, 'one', scout);
    await database.query(`update agents set status = 'paused' where id = $1`, [scout]);
    expect(await claim()).toEqual([]);
    expect(await whyWaits()).toBe('agent_paused');
    await database.query(`update agents set status = 'ready' where id = $1`, [scout]);
    await database.query(`update gateways set status = 'hibernating' where id = $1`, [gateway]);
    expect(await claim()).toEqual([]);
    expect(await whyWaits()).toBe('gateway_paused');
    const before = (await dispatch(database, gateway)).dispatch_version ?? 0;
    await database.query(`update gateways set status = 'ready' where id = $1`, [gateway]);
    expect((await dispatch(database, gateway)).dispatch_version).toBe(before + 1);
    expect(await claim()).toHaveLength(1);
  });

  test('while one of its own sessions holds an item', async () => {
    await assignTask(database, 'one', scout);
    await assignTask(database, 'two', scout);
    await database.as(service, `select lease_inbox_item($1, 60)`, [scout]);
    expect(await claim()).toEqual([]);
    await database.query(
      `update agent_inbox_items set leased_until = now() - interval '1 second' where agent_id = $1 and status = 'leased'`,
      [scout],
    );
    expect(await claim()).toMatchObject([{ attempt: 2, item: { task: { title: 'one' } } }]);
  });

  test('without budget, until the limit is raised or the month is over', async () => {
    await assignTask(database, 'one', scout);
    await database.query(
      `insert into agent_budgets (agent_id, monthly_limit_usd, current_period_spend_usd) values ($1, 1, 1)`,
      [scout],
    );
    expect(await claim()).toEqual([]);
    expect(await whyWaits()).toBe('budget_exceeded');
    await database.query(
      `update agent_budgets set current_period_start = current_period_start - interval '1 month' where agent_id = $1`,
      [scout],
    );
    expect(await claim()).toHaveLength(1);
  });

  test('before it is on its gateway', async () => {
    await assignTask(database, 'one', scout);
    await database.query(`update agents set openclaw_id = null where id = $1`, [scout]);
    expect(await claim()).toEqual([]);
    expect(await whyWaits()).toBe('agent_not_ready');
  });
});

test('an item on a gateway that is not heard of waits for its runner', async () => {
  await database.query(`update gateways set last_seen_at = now() - interval '1 hour' where id = $1`, [
    gateway,
  ]);
  await assignTask(database, 'one', scout);
  expect(await whyWaits()).toBe('no_runner');
});

test('five failures in a row stall an agent, with one alert, until there is new work', async () => {
  await database.query(`update agents set status = 'ready' where id = $1`, [scout]);
  for (let n = 0; n < 2; n += 1) await assignTask(database, `task ${n}`, scout);
  for (let n = 0; n < 5; n += 1) {
    await database.query(`update hq.agent_dispatch set cooldown_until = null where agent_id = $1`, [scout]);
    const [turn] = await claim();
    await end(turn?.token, 'failed', { error: `broken ${n}` });
  }
  await database.query(`update hq.agent_dispatch set cooldown_until = null where agent_id = $1`, [scout]);
  expect(await claim()).toEqual([]);
  expect(await whyWaits()).toBe('stalled');
  expect(
    await database.query(
      `select title, body from notifications where type = 'agent_stalled' and entity_id = $1`,
      [scout],
    ),
  ).toMatchObject([
    {
      title: `scout-${count} is stalled: 5 turns in a row failed`,
      body: expect.stringContaining('broken 4'),
    },
  ]);
  await assignTask(database, 'new', scout);
  expect(await claim()).toHaveLength(1);
});

test('a provider’s refusal holds the agent for longer each time, takes no attempt, and a new key ends it', async () => {
  await assignTask(database, 'one', scout);
  for (const seconds of [30, 60, 120]) {
    const [turn] = await claim();
    expect(turn?.attempt).toBe(1);
    await end(turn?.token, 'held', { hold_reason: '401: no credit' });
    const [row] = await database.query<{ seconds: number }>(
      `select held_seconds as seconds from hq.agent_dispatch where agent_id = $1`,
      [scout],
    );
    expect(row?.seconds).toBe(seconds);
    expect(await claim()).toEqual([]);
    expect(await whyWaits()).toBe('held');
    await database.query(`update hq.agent_dispatch set held_until = now() where agent_id = $1`, [scout]);
  }
  await end((await claim())[0]?.token, 'held', { hold_seconds: 9999, hold_reason: '429' });
  expect(await claim()).toEqual([]);
  await database.query(
    `insert into secrets (gateway_id, key, encrypted_value) values ($1, 'OPENAI_API_KEY', $2)`,
    [gateway, `enc:v1:${'A'.repeat(16)}.${'A'.repeat(22)}.AAAA`],
  );
  expect(await claim()).toHaveLength(1);
});

test('stop_all stops every claim and every turn, and resume_all lets them go on', async () => {
  await assignTask(database, 'one', scout);
  const [turn] = await claim();
  expect(await enqueue(database, operator, 'stop_all')).toMatchObject({
    command: { status: 'done', result: { stopped: true, turns: expect.any(Number) } },
  });
  await enqueue(database, operator, 'stop_all');
  await assignTask(database, 'two', await addAwakeAgent(database, `other-${count}`, gateway));
  const answer = await dispatch(database, gateway, { claim: 2, renew: [{ token: turn?.token }] });
  expect(answer).toMatchObject({
    claimed: [],
    cancel: [{ token: turn?.token, reason: 'workspace_stopped' }],
  });
  await end(turn?.token, 'aborted');
  expect(await whyWaits()).toBe('workspace_stopped');
  expect(
    await database.query(
      `select severity, occurrences, resolved_at from notifications where type = 'workspace_stopped'`,
    ),
  ).toEqual([{ severity: 'critical', occurrences: 1, resolved_at: null }]);
  const viewer = await database.addUser({ role: 'viewer' });
  expect(await enqueue(database, viewer, 'resume_all')).toMatchObject({ refused: { code: 'refused' } });
  expect(await enqueue(database, operator, 'resume_all')).toMatchObject({ command: { status: 'done' } });
  expect((await claim()).map(({ attempt }) => attempt)).toEqual([1, 1]);
  expect(
    await database.query(
      `select action from audit_log where module = 'agents' and action like 'workspace%' order by created_at`,
    ),
  ).toEqual([{ action: 'workspace.stopped' }, { action: 'workspace.resumed' }]);
});
