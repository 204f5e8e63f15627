import { afterAll, beforeAll, expect, test } from 'vitest';
import { asAgent } from '../../testing/agent-call.ts';
import { anon, cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

test('an unknown credential, none at all and the hash of one are refused', async () => {
  await asAgent(database, await database.addAgent('scout', null));
  const [stored] = await database.query(`select token_hash from hq.agent_credentials`);
  for (const token of [null, '', 'x'.repeat(64), stored?.token_hash]) {
    await expect(database.as(anon, `select agent_call($1, 'inbox')`, [token])).rejects.toMatchObject({
      code: '28000',
    });
  }
});

test('only operations can be called, with arguments of their form', async () => {
  const call = await asAgent(database, await database.addAgent('formal', null));
  const refused = async (operation: string, args: object, column: string) =>
    expect(call(operation, args), operation).rejects.toMatchObject({ code: '22023', column });
  await refused('by_slug', {}, 'operation');
  await refused('spec', {}, 'operation');
  await refused('inbox', { all: true }, 'all');
  await refused('item', {}, 'item');
  await refused('item', { item: 'abc' }, 'item');
  await refused('tasks', { limit: 1.5 }, 'limit');
  await refused('tasks', { status: 'gone' }, 'status');
  await refused('create_task', { title: 'x', due: '2026-13-45' }, 'arguments');
  await refused('comment', { task: '01234567', body: 'x', mentions: 'scout' }, 'mentions');
  await refused('submit_deliverable', { task: '01234567', label: 'x', url: 'javascript:1' }, 'url');
  expect(await call('tasks', { status: null, limit: null })).toEqual({ tasks: [] });
});

test('a call shows that the agent is alive', async () => {
  const id = await database.addAgent('alive', null);
  const call = await asAgent(database, id);
  await call('inbox');
  expect(
    await database.query(
      `select last_seen_at > now() - interval '1 minute' as seen from agents where id = $1`,
      [id],
    ),
  ).toEqual([{ seen: true }]);
});
