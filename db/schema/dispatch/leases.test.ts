import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { asAgent } from '../../testing/agent-call.ts';
import { anon, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, assignTask, dispatch } from '../../testing/dispatch.ts';

let database: TestDatabase;
let gateway: string;
let scout: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
});
beforeEach(async () => {
  count += 1;
  gateway = await database.addGateway(`gateway-${count}`);
  scout = await addAwakeAgent(database, `scout-${count}`, gateway);
});
afterAll(() => database.drop());

const settings = { wake_cooldown: 0, max_concurrent_wakes: 100 };
const ask = (request: object) => dispatch(database, gateway, { settings, ...request });
const claim = async () => (await ask({ claim: 1 })).claimed[0];
const letExpire = () =>
  database.query(
    `update hq.agent_dispatch set leased_until = now() - interval '1 second' where gateway_id = $1`,
    [gateway],
  );

test('a turn of a runner that is gone is adopted once its lease is over: the same run, another token', async () => {
  await assignTask(database, 'one', scout);
  const turn = await claim();
  const other = { runner: 'runner-2', adopt: true, claim: 1 };
  const early = await ask(other);
  expect(early).toMatchObject({ adopted: [], claimed: [] });
  expect(early.next_in_ms).toBeGreaterThan(50_000);
  expect(early.next_in_ms).toBeLessThanOrEqual(60_000);
  await letExpire();
  const { adopted, claimed } = await ask(other);
  expect(claimed).toEqual([]);
  expect(adopted).toMatchObject([
    { run_id: turn?.run_id, session_key: turn?.session_key, attempt: 1, item_id: turn?.item_id },
  ]);
  const [mine] = adopted;
  expect(mine?.token).not.toBe(turn?.token);
  const late = { results: [{ token: turn?.token, outcome: 'failed' }], renew: [{ token: turn?.token }] };
  expect((await ask(late)).lost).toEqual([turn?.token]);
  expect(await ask({ ...other, renew: [{ token: mine?.token }] })).toMatchObject({ adopted: [], lost: [] });
  await (await asAgent(database, scout))('complete_item', { item: turn?.item_id });
  expect((await ask({ ...other, results: [{ token: mine?.token, outcome: 'done' }] })).lost).toEqual([]);
});

test('a runner that has forgotten its turns, because it was started again, gets them back at once', async () => {
  await assignTask(database, 'one', scout);
  const turn = await claim();
  const { adopted } = await ask({ adopt: true, claim: 1 });
  expect(adopted).toMatchObject([{ run_id: turn?.run_id }]);
});

test('an expired lease that nobody adopted is renewed by its own runner', async () => {
  await assignTask(database, 'one', scout);
  const turn = await claim();
  await letExpire();
  expect(await ask({ adopt: true, renew: [{ token: turn?.token }] })).toMatchObject({
    adopted: [],
    lost: [],
  });
});

test('an agent that moves is aborted where it was, and wakes on its new gateway when that is over', async () => {
  await assignTask(database, 'one', scout);
  const turn = await claim();
  const elsewhere = await database.addGateway(`elsewhere-${count}`);
  await database.query(`update agents set gateway_id = $2 where id = $1`, [scout, elsewhere]);
  expect((await ask({ renew: [{ token: turn?.token }] })).cancel).toMatchObject([{ reason: 'agent_moved' }]);
  expect((await dispatch(database, elsewhere, { claim: 1, settings })).claimed).toEqual([]);
  await database.query(
    `update hq.agent_dispatch set leased_until = now() - interval '6 minutes' where agent_id = $1`,
    [scout],
  );
  expect((await dispatch(database, elsewhere, { claim: 1, settings })).claimed).toMatchObject([
    { attempt: 2 },
  ]);
});

test('exchanges at the same moment never give one agent two turns, nor one item to two runners', async () => {
  for (let n = 0; n < 12; n += 1) {
    const agent = await addAwakeAgent(database, `agent-${count}-${n}`, gateway);
    for (const title of ['one', 'two']) await assignTask(database, title, agent);
  }
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => ask({ runner: `runner-${n}`, claim: 3 })),
  );
  const claimed = answers.flatMap((answer) => answer.claimed);
  expect(claimed).toHaveLength(12);
  expect(new Set(claimed.map(({ agent_id }) => agent_id)).size).toBe(12);
  expect(claimed.map(({ item }) => item?.summary)).toEqual(Array.from({ length: 12 }, () => 'one'));
});

test('agents take turns, those first that were not woken for longest, each in the order of its items', async () => {
  const slugs = ['a', 'b', 'c'].map((name) => `${name}-${count}`);
  for (const slug of slugs) {
    const agent = await addAwakeAgent(database, slug, gateway);
    await database.query(
      `insert into tasks (title, assignee_agent_id) select $1 || n, $2::uuid from generate_series(1, 4) n`,
      [slug, agent],
    );
  }
  const order: unknown[] = [];
  for (let n = 0; n < 12; n += 1) {
    const turn = await claim();
    order.push(turn?.item?.summary);
    await database.query(`update agent_inbox_items set status = 'done' where id = $1`, [turn?.item_id]);
    await ask({ results: [{ token: turn?.token, outcome: 'done' }] });
  }
  expect(order).toEqual([1, 2, 3, 4].flatMap((n) => slugs.map((slug) => `${slug}${n}`)));
});

test('what an agent does is a row that is written once a second at most, and empty after its turn', async () => {
  await assignTask(database, 'one', scout);
  const turn = await claim();
  const renew = (text: string) =>
    ask({
      renew: [
        { token: turn?.token, activity: { tool: 'hq_task', text, tokens: 12, cost_usd: 0.5, model: 'm' } },
      ],
    });
  const shown = async () =>
    (
      await database.query(
        `select item_id, tool, text, tokens::int, cost_usd::float from agent_activity where agent_id = $1`,
        [scout],
      )
    )[0];
  await database.query(`update agent_activity set updated_at = now() - interval '2 seconds'`);
  await renew('first');
  await renew('second');
  expect(await shown()).toEqual({
    item_id: turn?.item_id,
    tool: 'hq_task',
    text: 'first',
    tokens: 12,
    cost_usd: 0.5,
  });
  await ask({ results: [{ token: turn?.token, outcome: 'released' }] });
  expect(await shown()).toMatchObject({ item_id: null, tool: null, text: null });
});

test('nothing waits for an exchange that is not over: neither other gateways nor an agent that ends its item', async () => {
  const other = await database.addGateway(`other-${count}`);
  await assignTask(database, 'elsewhere', await addAwakeAgent(database, `other-${count}`, other));
  await assignTask(database, 'one', scout);
  const turn = await claim();
  const call = await asAgent(database, scout);
  const slow = new pg.Client({ connectionString: database.url });
  await slow.connect();
  try {
    await slow.query('begin');
    const renew = [{ token: turn?.token }];
    await slow.query('select dispatch_exchange($1, $2)', [
      gateway,
      JSON.stringify({ runner: 'runner-1', lease_seconds: 60, claim: 1, settings, renew }),
    ]);
    expect((await dispatch(database, other, { claim: 1 })).claimed).toHaveLength(1);
    await call('complete_item', { item: turn?.item_id });
  } finally {
    await slow.query('rollback');
    await slow.end();
  }
});

test('a malformed request changes nothing but what it can read', async () => {
  await assignTask(database, 'one', scout);
  expect(
    await ask({
      claim: 'two',
      renew: 'x',
      results: [{ token: 'nonsense', outcome: 7 }, 5],
      settings: 'x',
      lease_seconds: null,
    }),
  ).toMatchObject({ claimed: [], lost: expect.arrayContaining(['nonsense']) });
  expect((await ask({ claim: 1 })).claimed).toHaveLength(1);
});

test('the exchange is the runner’s alone', async () => {
  const admin = await database.addUser({ role: 'admin' });
  for (const caller of [anon, admin]) {
    await expect(database.as(caller, `select dispatch_exchange($1, '{}')`, [gateway])).rejects.toMatchObject({
      code: '42501',
    });
  }
  await database.as(service, `select dispatch_exchange(gen_random_uuid(), '{"claim": 1}')`);
});
