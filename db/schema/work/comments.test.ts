import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

test('a member signs a comment as a person and at the present time; a worker signs as its agent', async () => {
  const operator = await database.addUser({ role: 'operator' });
  const agent = await database.addAgent('scribe', null);
  const insert = `insert into comments (entity_type, entity_id, body, actor_type, actor_agent_id, created_at)
    values ('task', gen_random_uuid(), 'Done', 'agent', $1, '2001-01-01')
    returning actor_type, actor_agent_id, created_at > now() - interval '1 minute' as fresh`;
  expect(await database.as(operator, insert, [agent])).toEqual([
    { actor_type: 'human', actor_agent_id: null, fresh: true },
  ]);
  expect(await database.as(service, insert, [agent])).toEqual([
    { actor_type: 'agent', actor_agent_id: agent, fresh: false },
  ]);
});
