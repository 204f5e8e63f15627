import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asAgent } from '../../testing/agent-call.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { assignTask } from '../../testing/dispatch.ts';

let database: TestDatabase;
let gateway: string;
let ann: string;
let ben: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('home');
});
beforeEach(async () => {
  count += 1;
  ann = await database.addAgent(`ann-${count}`, gateway);
  ben = await database.addAgent(`ben-${count}`, gateway);
});
afterAll(() => database.drop());

const query = (sql: string, values: readonly unknown[] = []) => database.query<{ id: string }>(sql, values);
/** The open items of an agent, the oldest first. */
const open = async (agent: string) =>
  (
    await database.query<{ event_type: string }>(
      `select event_type from agent_inbox_items where agent_id = $1 and status in ('pending', 'leased') order by created_at`,
      [agent],
    )
  ).map(({ event_type }) => event_type);
const assign = (task: string, agent: string | null) =>
  query(`update tasks set assignee_agent_id = $2 where id = $1`, [task, agent]);
const block = (blocker: string, task: string) =>
  query(
    `insert into task_relations (source_task_id, target_task_id, relation_type) values ($1, $2, 'blocks')`,
    [blocker, task],
  );

/** Runs statements of two transactions at the same time: the second ones begin while the first are uncommitted. */
async function atOnce(first: string, second: string): Promise<void> {
  const clients = [new pg.Client(database.url), new pg.Client(database.url)] as const;
  await Promise.all(clients.map((client) => client.connect()));
  try {
    for (const client of clients) await client.query('begin');
    await clients[0].query(first);
    const waiting = clients[1].query(second);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await clients[0].query('commit');
    await waiting;
    await clients[1].query('commit');
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

describe('an assignment', () => {
  test('that goes A, B, A in one transaction leaves one item, for A', async () => {
    const task = await assignTask(database, 'Move', ann);
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('begin');
    for (const agent of [ben, ann]) {
      await client.query(`update tasks set assignee_agent_id = $2 where id = $1`, [task, agent]);
    }
    await client.query('commit');
    await client.end();
    expect([await open(ann), await open(ben)]).toEqual([['task_reassignment'], []]);
  });

  test('that comes back after the work was done wakes its agent again', async () => {
    const task = await assignTask(database, 'Again', ann);
    await query(`update agent_inbox_items set status = 'done' where agent_id = $1`, [ann]);
    await assign(task, ben);
    await assign(task, ann);
    expect([await open(ann), await open(ben)]).toEqual([['task_reassignment'], []]);
  });

  test('of two persons at once leaves one item for the last one', async () => {
    const task = await assignTask(database, 'Both', ann);
    const sql = (agent: string) => `update tasks set assignee_agent_id = '${agent}' where id = '${task}'`;
    await atOnce(sql(ben), sql(ann));
    expect([await open(ann), await open(ben)]).toEqual([['task_reassignment'], []]);
  });

  test('that is repeated while the item closes is not lost', async () => {
    const task = await assignTask(database, 'Closing', ann);
    await query(`update tasks set assignee_agent_id = null where id = $1`, [task]);
    await query(`update agent_inbox_items set status = 'pending', context = '{}' where agent_id = $1`, [ann]);
    await atOnce(
      `update agent_inbox_items set status = 'done' where agent_id = '${ann}'`,
      `update tasks set assignee_agent_id = '${ann}' where id = '${task}'`,
    );
    expect(await open(ann)).toEqual(['task_assignment']);
  });

  test('by an agent to itself is one item', async () => {
    const call = await asAgent(database, ann);
    await call('create_task', { title: 'Remember' });
    expect(await open(ann)).toEqual(['task_assignment']);
  });

  test('of a task that is closed wakes nobody, and closing takes back what nobody began', async () => {
    await query(`insert into tasks (title, status, assignee_agent_id) values ('Old', 'done', $1)`, [ann]);
    expect(await open(ann)).toEqual([]);
    for (const change of [`status = 'done'`, `status = 'cancelled'`, `archived_at = now()`]) {
      const task = await assignTask(database, 'Close', ann);
      await query(`update tasks set ${change} where id = $1`, [task]);
      expect(await open(ann), change).toEqual([]);
    }
  });
});

describe('a mention', () => {
  test('twice in one text is one item', async () => {
    const task = await assignTask(database, 'Talk', ben);
    await query(
      `insert into comments (entity_type, entity_id, body, mentions) values ('task', $1, 'a b', $2)`,
      [task, [`ann-${count}`, `ann-${count}`]],
    );
    expect(await open(ann)).toEqual(['task_comment_mention']);
  });

  test('that an edit adds wakes whom the text did not mention before, once', async () => {
    const task = await assignTask(database, 'Edit', ben);
    const [row] = await query(
      `insert into comments (entity_type, entity_id, body, mentions) values ('task', $1, 'x', '{}') returning id`,
      [task],
    );
    const edit = (mentions: string[]) =>
      query(`update comments set mentions = $2 where id = $1`, [row?.id, mentions]);
    await edit([`ann-${count}`]);
    await edit([`ann-${count}`, 'nobody']);
    await query(`update comments set body = 'y' where id = $1`, [row?.id]);
    expect(await open(ann)).toEqual(['task_comment_mention']);
  });
});

describe('a review', () => {
  let link: string;
  const judge = (status: string) =>
    query(`update entity_links set review_status = $2 where id = $1`, [link, status]);
  beforeEach(async () => {
    const task = await assignTask(database, 'Deliver', ben);
    const [row] = await query(
      `insert into entity_links (owner_type, owner_id, is_deliverable, review_status, submitted_by_agent_id)
       values ('task', $1, true, 'in_review', $2) returning id`,
      [task, ann],
    );
    link = row?.id ?? '';
  });

  test('that is undone before its agent woke wakes nobody', async () => {
    await judge('approved');
    await judge('in_review');
    expect(await open(ann)).toEqual([]);
    await judge('approved');
    expect(await open(ann)).toEqual(['deliverable_review']);
  });

  test('with the same decision again is one item', async () => {
    await judge('rejected');
    await query(`update entity_links set review_status = 'rejected', review_note = 'no' where id = $1`, [
      link,
    ]);
    expect(await open(ann)).toEqual(['deliverable_review']);
  });
});

describe('a task that waits for others', () => {
  let blockers: readonly [string, string];
  beforeEach(async () => {
    const waiting = await assignTask(database, 'Wait', ann);
    await query(`update agent_inbox_items set status = 'done' where agent_id = $1`, [ann]);
    blockers = [await assignTask(database, 'one', ben), await assignTask(database, 'two', ben)];
    for (const blocker of blockers) await block(blocker, waiting);
  });

  test('wakes its agent once when both end in one statement', async () => {
    await query(`update tasks set status = 'done' where id = any ($1)`, [blockers]);
    expect(await open(ann)).toEqual(['blocker_resolved']);
  });

  test('wakes its agent once when both end at the same moment', async () => {
    const end = (task: string) => `update tasks set status = 'done' where id = '${task}'`;
    await atOnce(end(blockers[0]), end(blockers[1]));
    expect(await open(ann)).toEqual(['blocker_resolved']);
  });

  test('wakes its agent when the last one is cancelled', async () => {
    await query(`update tasks set status = 'done' where id = $1`, [blockers[0]]);
    expect(await open(ann)).toEqual([]);
    await query(`update tasks set status = 'cancelled' where id = $1`, [blockers[1]]);
    expect(await open(ann)).toEqual(['blocker_resolved']);
  });
});
