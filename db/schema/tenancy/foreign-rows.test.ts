import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

const unknown = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

let database: TestDatabase;
let operator: Caller;
let theirs: { agent: string; task: string; comment: string };
let ours: { agent: string; task: string };

beforeAll(async () => {
  database = await cloneDatabase();
  operator = await database.addUser({ role: 'operator' });
  const other = await database.addTenant('other');
  const insert = async (sql: string, values: readonly unknown[]) =>
    (await database.query<{ id: string }>(sql, values))[0]?.id ?? '';
  const task = await insert(`insert into tasks (tenant_id, title) values ($1, 'x') returning id`, [other.id]);
  theirs = {
    agent: await database.addAgent('theirs', other.gateway, other.id),
    task,
    comment: await insert(
      `insert into comments (tenant_id, entity_type, entity_id, body) values ($1, 'task', $2, 'x') returning id`,
      [other.id, task],
    ),
  };
  ours = {
    agent: await database.addAgent('ours', null),
    task: await insert(`insert into tasks (title) values ('x') returning id`, []),
  };
});
afterAll(() => database.drop());

describe.each([
  ['a task’s agent', `insert into tasks (title, assignee_agent_id) values ('x', $1)`, () => theirs.agent],
  ['the agent of a task that is there', `update tasks set assignee_agent_id = $1`, () => theirs.agent],
  ['a task’s parent', `insert into tasks (title, parent_id) values ('x', $1)`, () => theirs.task],
  [
    'a comment’s parent',
    `insert into comments (entity_type, entity_id, body, parent_id) values ('task', gen_random_uuid(), 'x', $1)`,
    () => theirs.comment,
  ],
  [
    'the agent who hands in',
    `insert into entity_links (owner_type, owner_id, submitted_by_agent_id) values ('task', gen_random_uuid(), $1)`,
    () => theirs.agent,
  ],
  [
    'the end of a relation',
    `insert into task_relations (source_task_id, target_task_id, relation_type) select id, $1, 'blocks' from tasks limit 1`,
    () => theirs.task,
  ],
])('%s', (_what, sql, foreign) => {
  test('is never another tenant’s, and that looks like one that does not exist', async () => {
    const refused = await Promise.all(
      [foreign(), unknown].map((id) => database.as(operator, sql, [id]).catch((error) => error)),
    );
    for (const error of refused) expect(error).toMatchObject({ code: 'P0002' });
    expect(refused[0].message).toBe(refused[1].message);
    await expect(database.as(service, sql, [foreign()])).rejects.toMatchObject({ code: 'P0002' });
  });
});

test('what belongs together is let in', async () => {
  await database.as(operator, `update tasks set assignee_agent_id = $1, title = 'y' where id = $2`, [
    ours.agent,
    ours.task,
  ]);
  expect(
    await database.query(`select agent_slug from agent_inbox_items where task_id = $1`, [ours.task]),
  ).toEqual([{ agent_slug: 'ours' }]);
});
