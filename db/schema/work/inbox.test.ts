import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let ops: string;
let devOps: string;
beforeAll(async () => {
  database = await cloneDatabase();
  const gateway = await database.addGateway('home');
  ops = await database.addAgent('ops', gateway);
  devOps = await database.addAgent('dev-ops', gateway);
});
afterAll(() => database.drop());

const insertTask = async (title: string, assignee: string | null = null): Promise<string> =>
  (
    await database.query<{ id: string }>(
      `insert into tasks (title, assignee_agent_id) values ($1, $2) returning id`,
      [title, assignee],
    )
  )[0]?.id ?? '';
const assign = (task: string, agent: string | null) =>
  database.query(`update tasks set assignee_agent_id = $2 where id = $1`, [task, agent]);
const inbox = (task: string) =>
  database.query(
    `select agent_slug, event_type, status from agent_inbox_items where task_id = $1 order by created_at, agent_slug`,
    [task],
  );
const lease = async (agent: string) =>
  (await database.as(service, `select * from lease_inbox_item($1, 60)`, [agent]))[0];
const drainInbox = async (agent: string) => {
  for (let item = await lease(agent); item; item = await lease(agent)) {
    await database.as(service, `select complete_inbox_item($1)`, [item.id]);
  }
};

describe('a task', () => {
  test('that is assigned reaches its agent’s inbox once', async () => {
    const task = await insertTask('Write', ops);
    await database.query(`update tasks set title = 'Write well' where id = $1`, [task]);
    expect(await inbox(task)).toEqual([
      { agent_slug: 'ops', event_type: 'task_assignment', status: 'pending' },
    ]);
  });

  test('that is given to another leaves the first one’s inbox', async () => {
    const task = await insertTask('Move', ops);
    await assign(task, devOps);
    expect(await inbox(task)).toEqual([
      { agent_slug: 'ops', event_type: 'task_assignment', status: 'done' },
      { agent_slug: 'dev-ops', event_type: 'task_reassignment', status: 'pending' },
    ]);
  });

  test('that comes back to an agent wakes it again', async () => {
    const task = await insertTask('Ping-pong', ops);
    await assign(task, devOps);
    await assign(task, ops);
    await assign(task, null);
    await assign(task, ops);
    const forOps = (await inbox(task)).filter(({ agent_slug }) => agent_slug === 'ops');
    expect(forOps.map(({ status }) => status)).toEqual(['done', 'done', 'pending']);
  });

  test('that was waited for wakes those who waited, when the last of the blockers is done', async () => {
    const first = await insertTask('first');
    const second = await insertTask('second');
    const waiting = await insertTask('waiting', ops);
    await database.query(
      `insert into task_relations (source_task_id, target_task_id, relation_type) values ($1, $3, 'blocks'), ($2, $3, 'blocks')`,
      [first, second, waiting],
    );
    await database.query(`update tasks set status = 'done' where id = $1`, [first]);
    expect((await inbox(waiting)).map(({ event_type }) => event_type)).toEqual(['task_assignment']);
    await database.query(`update tasks set status = 'done' where id = $1`, [second]);
    expect((await inbox(waiting)).map(({ event_type }) => event_type)).toEqual([
      'task_assignment',
      'blocker_resolved',
    ]);
  });
});

test('a mention wakes the agent with exactly that slug, and never the one who wrote it', async () => {
  const task = await insertTask('Talk');
  await database.query(
    `insert into comments (entity_type, entity_id, body, mentions, actor_type, actor_agent_id)
     values ('task', $1, 'look', '{ops,nobody}', 'human', null), ('task', $1, 'me', '{dev-ops}', 'agent', $2)`,
    [task, devOps],
  );
  expect(await inbox(task)).toEqual([
    { agent_slug: 'ops', event_type: 'task_comment_mention', status: 'pending' },
  ]);
});

test('a deliverable that is judged comes back to whoever handed it in, and a newer decision replaces one that waits', async () => {
  const task = await insertTask('Deliver');
  const [link] = await database.query<{ id: string }>(
    `insert into entity_links (owner_type, owner_id, is_deliverable, review_status, submitted_by_agent_id)
     values ('task', $1, true, 'in_review', $2) returning id`,
    [task, ops],
  );
  const judge = (status: string) =>
    database.query(`update entity_links set review_status = $2 where id = $1`, [link?.id, status]);
  await judge('revision_requested');
  await drainInbox(ops);
  await judge('in_review');
  await judge('revision_requested');
  await judge('approved');
  expect((await inbox(task)).map(({ event_type, status }) => [event_type, status])).toEqual([
    ['deliverable_review', 'done'],
    ['deliverable_review', 'done'],
    ['deliverable_review', 'pending'],
  ]);
});

describe('an item', () => {
  test('whose leases all run out becomes a dead letter and wakes nobody any more', async () => {
    await drainInbox(devOps);
    await insertTask('Doomed', devOps);
    const ids = new Set<string>();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const item = await lease(devOps);
      expect(item).toMatchObject({ attempt_count: attempt, status: 'leased' });
      ids.add(item?.id);
      expect(await lease(devOps)).toBeUndefined();
      await database.query(
        `update agent_inbox_items set leased_until = now() - interval '1 second' where id = $1`,
        [item?.id],
      );
    }
    expect(ids.size).toBe(1);
    expect(await lease(devOps)).toBeUndefined();
    expect(
      await database.query(`select status from agent_inbox_items where id = any ($1)`, [[...ids]]),
    ).toEqual([{ status: 'dead_letter' }]);
  });

  test('that fails is tried again until its attempts are used up', async () => {
    const task = await insertTask('Hard', devOps);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const item = await lease(devOps);
      await database.as(service, `select fail_inbox_item($1, 'no luck')`, [item?.id]);
    }
    expect(await inbox(task)).toMatchObject([{ status: 'dead_letter' }]);
  });

  test('of another agent is never leased', async () => {
    await drainInbox(ops);
    await drainInbox(devOps);
    await insertTask('Mine', devOps);
    expect(await lease(ops)).toBeUndefined();
  });
});

test('a new task reads no items but its own, however many there are', async () => {
  await database.query(
    `insert into agent_inbox_items (agent_id, agent_slug, event_type, dedup_key)
     select $1, 'ops', 'task_assignment', 'task:' || n || '#0' from generate_series(1, 2000) n`,
    [ops],
  );
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('begin');
    // A busy connection has such plans after some tasks.
    await client.query('set local plan_cache_mode = force_generic_plan');
    await client.query(`insert into tasks (title, assignee_agent_id) values ('one of many', $1)`, [ops]);
    const { rows } = await client.query<{ read: number }>(
      `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read from pg_stat_xact_user_tables
       where relid = 'public.agent_inbox_items'::regclass`,
    );
    expect(rows[0]?.read).toBeLessThan(100);
  } finally {
    await client.query('rollback');
    await client.end();
  }
});
