import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let scout: string;
let call: AgentCall;
let callOfOther: AgentCall;
let task: string;
let item: string;
beforeAll(async () => {
  database = await cloneDatabase();
  const gateway = await database.addGateway('attic');
  scout = await database.addAgent('scout', gateway);
  call = await asAgent(database, scout);
  callOfOther = await asAgent(database, await database.addAgent('other', gateway));
});
beforeEach(async () => {
  await database.query(`delete from tasks`);
  const [created] = await database.query<{ id: string }>(
    `insert into tasks (title, description, assignee_agent_id) values ('Find it', 'Everywhere', $1) returning id`,
    [scout],
  );
  task = created?.id ?? '';
  const [found] = await database.query<{ id: string }>(
    `select id from agent_inbox_items where task_id = $1`,
    [task],
  );
  item = found?.id ?? '';
});
afterAll(() => database.drop());

const state = async () =>
  (
    await database.query(
      `select status, attempt_count as attempts, leased_until > now() + interval '9 minutes' as leased
       from agent_inbox_items where id = $1`,
      [item],
    )
  )[0];
const letLeaseExpire = () =>
  database.query(`update agent_inbox_items set leased_until = now() - interval '1 second' where id = $1`, [
    item,
  ]);

test('the inbox lists what is open, and an item comes with what it is about', async () => {
  expect(await call('inbox')).toEqual({
    items: [
      expect.objectContaining({
        ...{ id: item, event: 'task_assignment', status: 'pending', summary: 'Find it' },
        ...{ task_id: task, task_title: 'Find it', comment_id: null, attempt: 0 },
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*\+00:00$/),
      }),
    ],
  });
  expect(await callOfOther('inbox')).toEqual({ items: [] });
  expect(await call('item', { item: item.slice(0, 8) })).toMatchObject({
    id: item,
    task: { id: task, description: 'Everywhere', assignee: 'scout' },
    comment: null,
    context: {},
  });
});

test('a mention comes with the comment, and a review with the deliverable', async () => {
  await database.query(
    `insert into comments (entity_type, entity_id, body, mentions) values ('task', $1, 'Look, @scout', '{scout}')`,
    [task],
  );
  const handedIn = await call('submit_deliverable', { task, label: 'The map' });
  await database.query(
    `update entity_links set review_status = 'revision_requested', review_note = 'North is missing' where id = $1`,
    [handedIn.id],
  );
  const items = (await call('inbox')).items;
  const whole = await Promise.all(
    (Array.isArray(items) ? items : []).slice(1).map(({ id }) => call('item', { item: id })),
  );
  expect(whole).toMatchObject([
    { event: 'task_comment_mention', comment: { body: 'Look, @scout', by: 'human' } },
    { event: 'deliverable_review', deliverable: { label: 'The map', review_note: 'North is missing' } },
  ]);
});

test('one session holds an item, and renews its lease', async () => {
  expect(await call('take_item', { item, session_key: 'a', run_id: 'r1' })).toMatchObject({
    status: 'leased',
    attempt: 1,
    task: { title: 'Find it' },
  });
  await expect(call('take_item', { item, session_key: 'b' })).rejects.toMatchObject({ code: '23505' });
  await call('take_item', { item, session_key: 'a' });
  expect(await state()).toEqual({ status: 'leased', attempts: 1, leased: true });
  await letLeaseExpire();
  await call('take_item', { item, session_key: 'b' });
  expect(await state()).toEqual({ status: 'leased', attempts: 2, leased: true });
});

test('only one of two sessions that take an item at once gets it', async () => {
  const outcomes = await Promise.allSettled(
    ['a', 'b', 'c', 'd'].map((session) => call('take_item', { item, session_key: session })),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('an item that fails three times waits for an operator', async () => {
  for (const expected of ['pending', 'pending', 'dead_letter']) {
    await call('take_item', { item });
    expect(await call('fail_item', { item, reason: 'no map' })).toMatchObject({ status: expected });
  }
  await expect(call('take_item', { item })).rejects.toMatchObject({ code: '23505' });
  expect(await call('inbox')).toEqual({ items: [] });
});

test('a lease that expires counts as an attempt, so a crash does not repeat for ever', async () => {
  for (let n = 0; n < 3; n += 1) {
    await call('take_item', { item, session_key: `s${n}` });
    await letLeaseExpire();
  }
  expect(await call('take_item', { item, session_key: 'last' })).toMatchObject({ status: 'dead_letter' });
});

test('what is released was no attempt', async () => {
  await call('take_item', { item });
  expect(await callOfOther('release_items')).toEqual({ released: 0 });
  expect(await call('release_items')).toEqual({ released: 1 });
  expect(await state()).toEqual({ status: 'pending', attempts: 0, leased: null });
});

test('an item is completed once, and again without effect', async () => {
  await call('take_item', { item });
  expect(await call('complete_item', { item, summary: 'It was there' })).toMatchObject({ status: 'done' });
  expect(await call('complete_item', { item })).toMatchObject({ status: 'done' });
  await expect(call('fail_item', { item, reason: 'x' })).rejects.toMatchObject({ code: '23505' });
  expect(
    await database.query(
      `select actor_type, actor_agent_id, action, summary from audit_log
      where entity_id = $1 order by created_at`,
      [item],
    ),
  ).toEqual([
    { actor_type: 'agent', actor_agent_id: scout, action: 'item.taken', summary: 'Find it' },
    { actor_type: 'agent', actor_agent_id: scout, action: 'item.completed', summary: 'It was there' },
  ]);
});

test('another agent’s items are not there, and a paused agent takes none', async () => {
  for (const operation of ['item', 'take_item', 'complete_item']) {
    await expect(callOfOther(operation, { item }), operation).rejects.toMatchObject({
      code: 'P0002',
      column: 'item',
    });
  }
  await database.query(`update agents set status = 'paused' where id = $1`, [scout]);
  await expect(call('take_item', { item })).rejects.toMatchObject({ code: '42501' });
  await database.query(`update agents set status = 'ready' where id = $1`, [scout]);
});
