import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, assignTask, dispatch } from '../../testing/dispatch.ts';

let database: TestDatabase;
let gateway: string;
let scout: string;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  scout = await addAwakeAgent(database, 'scout', gateway);
});
afterAll(() => database.drop());

test('an exchange names no next time where nothing waits for one: else its runner would ask again at once', async () => {
  expect((await dispatch(database, gateway, { claim: 2 })).next_in_ms).toBeNull();
});

test('an item is claimed with all that a turn needs, and its end frees the agent', async () => {
  const before = (await dispatch(database, gateway)).dispatch_version ?? 0;
  const task = await assignTask(database, 'Find it', scout);
  const { claimed, dispatch_version } = await dispatch(database, gateway, { claim: 2 });
  const [turn] = claimed;
  expect(dispatch_version).toBe(before + 1);
  expect(claimed).toMatchObject([
    {
      ...{
        event: 'task_assignment',
        attempt: 1,
        agent_id: scout,
        agent_slug: 'scout',
        openclaw_id: 'home-scout',
      },
      session_key: `agent:home-scout:hq-item-${turn?.item_id.slice(0, 8)}-1`,
      run_id: `hq:${turn?.item_id}:1`,
      timeout_seconds: 300,
      item: { task: { id: task, title: 'Find it' }, status: 'leased' },
    },
  ]);
  expect((await dispatch(database, gateway, { claim: 2, renew: [{ token: turn?.token }] })).claimed).toEqual(
    [],
  );
  await database.query(`update agent_inbox_items set status = 'done' where id = $1`, [turn?.item_id]);
  const result = { token: turn?.token, outcome: 'done' };
  expect((await dispatch(database, gateway, { results: [result] })).lost).toEqual([]);
  expect((await dispatch(database, gateway, { results: [result] })).lost).toEqual([]);
  expect((await dispatch(database, gateway, { renew: [result] })).lost).toEqual([turn?.token]);
});

test('a turn names a model and a level of thinking only where its task does: the agent’s own are in OpenClaw', async () => {
  const thinker = await addAwakeAgent(database, 'thinker', gateway);
  await database.query(`update agents set model = 'p/slow', thinking = 'low' where id = $1`, [thinker]);
  const task = await assignTask(database, 'Think', thinker);
  const claim = async () => {
    const { claimed } = await dispatch(database, gateway, { claim: 2 });
    return claimed.find(({ agent_id }) => agent_id === thinker);
  };
  const turn = await claim();
  expect(turn).toMatchObject({ model: null, thinking: null });
  await database.query(
    `update tasks set model_override = 'p/fast', thinking_override = 'high' where id = $1`,
    [task],
  );
  await dispatch(database, gateway, { results: [{ token: turn?.token, outcome: 'released' }] });
  expect(await claim()).toMatchObject({ model: 'p/fast', thinking: 'high' });
});
