import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { addAwakeAgent, assignTask, dispatch } from '../../testing/dispatch.ts';
import { enqueue } from '../../testing/enqueue.ts';
import { eventually } from '../../testing/eventually.ts';

let database: TestDatabase;
let operator: Caller;
let gateway: string;
let scout: string;
let call: AgentCall;
let task: string;
let count = 0;
beforeAll(async () => {
  database = await cloneDatabase();
  operator = await database.addUser({ role: 'operator' });
});
beforeEach(async () => {
  count += 1;
  gateway = await database.addGateway(`gateway-${count}`);
  scout = await addAwakeAgent(database, `scout-${count}`, gateway);
  call = await asAgent(database, scout);
  task = await assignTask(database, 'Find it', scout);
});
afterAll(() => database.drop());

const settings = { wake_cooldown: 0 };
const claim = async () => {
  const { claimed } = await dispatch(database, gateway, { claim: 1, settings });
  const [turn] = claimed;
  if (turn === undefined) throw new Error('nothing was claimed');
  return turn;
};
const end = (token: string, outcome: string, more: object = {}) =>
  dispatch(database, gateway, { results: [{ token, outcome, ...more }], settings });
const item = async (id: string) =>
  (
    await database.query(
      `select status, attempt_count as attempts, context, leased_until is null as free from agent_inbox_items where id = $1`,
      [id],
    )
  )[0];

test('a turn that ends without completing its item is no success, and the third is a dead letter with one alert', async () => {
  for (const expected of ['pending', 'pending', 'dead_letter']) {
    const turn = await claim();
    await end(turn.token, 'done');
    expect(await item(turn.item_id)).toMatchObject({
      status: expected,
      free: true,
      context: { last_failure: 'the turn ended without completing the item' },
    });
  }
  const alerts = await database.query<{ entity_id: string }>(
    `select entity_id, body from notifications where type = 'item_dead_letter' and resolved_at is null`,
  );
  expect(alerts).toMatchObject([{ body: expect.stringContaining('without completing') }]);
  const retry = { payload: { item: alerts[0]?.entity_id.slice(0, 8) } };
  expect(await enqueue(database, operator, 'retry_item', retry)).toMatchObject({
    command: { status: 'done', result: { status: 'pending', agent: `scout-${count}` } },
  });
  expect(await enqueue(database, operator, 'retry_item', retry)).toMatchObject({
    refused: { code: 'conflict' },
  });
  expect(
    await database.query(`select from notifications where type = 'item_dead_letter' and resolved_at is null`),
  ).toEqual([]);
  expect(await claim()).toMatchObject({ attempt: 1, run_id: expect.stringMatching(/:4$/) });
});

test('the alert of a dead letter ends the reason of its last failure with one full stop', async () => {
  const turn = await claim();
  await database.query(
    `update agent_inbox_items set status = 'dead_letter', context = '{"last_failure": "Use one of: off."}' where id = $1`,
    [turn.item_id],
  );
  expect(
    await database.query(
      `select body from notifications where type = 'item_dead_letter' and entity_id = $1`,
      [turn.item_id],
    ),
  ).toMatchObject([{ body: expect.stringContaining('The last one: Use one of: off. Retry it') }]);
});

test('an agent that completes its item keeps its turn, and is not woken twice at once', async () => {
  await assignTask(database, 'next', scout);
  const turn = await claim();
  expect(
    await call('take_item', { item: turn.item_id, session_key: turn.session_key, run_id: 'own' }),
  ).toMatchObject({
    status: 'leased',
    attempt: 1,
  });
  await call('complete_item', { item: turn.item_id, summary: 'found' });
  const during = await dispatch(database, gateway, { claim: 1, renew: [{ token: turn.token }], settings });
  expect(during).toMatchObject({ claimed: [], lost: [], cancel: [] });
  await end(turn.token, 'done');
  expect(await item(turn.item_id)).toMatchObject({ status: 'done', context: { outcome: 'found' } });
  expect(await claim()).toMatchObject({ item: { task: { title: 'next' } } });
});

test('what the agent itself fails is counted once', async () => {
  const turn = await claim();
  await call('fail_item', { item: turn.item_id, reason: 'no map' });
  await end(turn.token, 'done');
  expect(await item(turn.item_id)).toMatchObject({
    status: 'pending',
    attempts: 1,
    context: { last_failure: 'no map' },
  });
});

test.each(['released', 'aborted', 'held'])(
  '%s takes no attempt, and the next run has a name of its own',
  async (outcome) => {
    const turn = await claim();
    await end(turn.token, outcome, { hold_seconds: 1 });
    expect(await item(turn.item_id)).toMatchObject({ status: 'pending', attempts: 0, free: true });
    await database.query(`update hq.agent_dispatch set held_until = null where agent_id = $1`, [scout]);
    const next = await claim();
    expect(next.attempt).toBe(1);
    expect(next.run_id).not.toBe(turn.run_id);
    expect(next.session_key).not.toBe(turn.session_key);
  },
);

test('turns that are given back five times in a row hold the agent', async () => {
  for (let n = 0; n < 5; n += 1) await end((await claim()).token, 'released');
  await expect(claim()).rejects.toThrow('nothing was claimed');
});

test('another item that the turn took and left is tried again', async () => {
  const turn = await claim();
  await assignTask(database, 'aside', scout);
  const [other] = await database.query<{ id: string }>(
    `select id from agent_inbox_items where agent_id = $1 and status = 'pending'`,
    [scout],
  );
  await call('take_item', { item: other?.id, session_key: turn.session_key });
  await call('complete_item', { item: turn.item_id });
  await end(turn.token, 'done');
  expect(await claim()).toMatchObject({ item_id: other?.id, attempt: 2 });
});

describe('work that is taken away', () => {
  test.each([
    [
      'given to another',
      () => database.query(`update tasks set assignee_agent_id = null where id = $1`, [task]),
    ],
    ['cancelled', () => database.query(`update tasks set status = 'cancelled' where id = $1`, [task])],
    ['archived', () => database.query(`update tasks set archived_at = now() where id = $1`, [task])],
    ['deleted', () => database.query(`delete from tasks where id = $1`, [task])],
  ])('a task that is %s aborts its turn', async (_what, take) => {
    const turn = await claim();
    await take();
    const { cancel } = await dispatch(database, gateway, { renew: [{ token: turn.token }] });
    expect(cancel).toEqual([{ token: turn.token, reason: 'withdrawn' }]);
    expect((await end(turn.token, 'aborted')).lost).toEqual([]);
    await expect(claim()).rejects.toThrow('nothing was claimed');
  });

  test('a task that comes back while the first turn is aborted wakes its agent once more', async () => {
    const turn = await claim();
    await database.query(`update tasks set assignee_agent_id = null where id = $1`, [task]);
    await database.query(`update tasks set assignee_agent_id = $2 where id = $1`, [task, scout]);
    const { claimed, cancel } = await dispatch(database, gateway, {
      claim: 1,
      renew: [{ token: turn.token }],
      settings,
    });
    expect(claimed).toEqual([]);
    expect(cancel).toHaveLength(1);
    await end(turn.token, 'aborted');
    const again = await claim();
    expect(again.item_id).not.toBe(turn.item_id);
    await call('complete_item', { item: again.item_id });
    await end(again.token, 'done');
    await expect(claim()).rejects.toThrow('nothing was claimed');
  });

  test('an agent that cancels its own task goes on to the end of its turn', async () => {
    const turn = await claim();
    await call('set_task_status', { task, status: 'cancelled' });
    expect((await dispatch(database, gateway, { renew: [{ token: turn.token }] })).cancel).toEqual([]);
    await call('complete_item', { item: turn.item_id });
    await end(turn.token, 'done');
    expect(await item(turn.item_id)).toMatchObject({ status: 'done' });
  });

  test('an operator cancels an item, which aborts its turn', async () => {
    const turn = await claim();
    expect(
      await enqueue(database, operator, 'cancel_item', { payload: { item: turn.item_id } }),
    ).toMatchObject({
      command: { result: { status: 'done' } },
    });
    const { cancel } = await dispatch(database, gateway, { renew: [{ token: turn.token }] });
    expect(cancel).toMatchObject([{ reason: 'withdrawn' }]);
  });
});

test('an item that a question is open about waits for the answer, and its turn ends well', async () => {
  const turn = await claim();
  await call('take_item', { item: turn.item_id, session_key: turn.session_key });
  const [question] = await database.query<{ id: string }>(
    `insert into agent_questions (agent_id, kind, question, item_id, expires_at)
     values ($1, 'question', 'Which map?', $2, now() + interval '1 day') returning id`,
    [scout, turn.item_id],
  );
  await end(turn.token, 'done');
  const waiting = await item(turn.item_id);
  expect(waiting).toMatchObject({ status: 'pending', attempts: 0, free: true });
  expect(waiting?.context).not.toHaveProperty('last_failure');
  await assignTask(database, 'aside', scout);
  const other = await claim();
  expect(other).toMatchObject({ item: { task: { title: 'aside' } } });
  await call('complete_item', { item: other.item_id });
  await end(other.token, 'done');
  await expect(claim()).rejects.toThrow('nothing was claimed');
  await database.query(`update agent_questions set status = 'answered' where id = $1`, [question?.id]);
  expect(await claim()).toMatchObject({ item_id: turn.item_id, attempt: 1 });
});

test('an agent that gives its items back leaves the one of a turn alone, and the turn says whether it was an attempt', async () => {
  const turn = await claim();
  expect(await call('release_items')).toEqual({ released: 0 });
  await end(turn.token, 'failed');
  expect(await item(turn.item_id)).toMatchObject({ status: 'pending', attempts: 1 });
});

describe('an agent that is deleted in the middle of', () => {
  const remove = () => database.query('delete from public.agents where id = $1', [scout]);
  const areWaiting = (count: number) =>
    eventually(async () =>
      expect(
        await database.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        ),
      ).toHaveLength(count),
    );
  /** Deletes the agent while the change is in the update of its item. */
  const deleteDuring = async (change: () => Promise<unknown>) => {
    await database.query(`create function public.slow() returns trigger language plpgsql as
      $$ begin perform pg_sleep(1); return new; end $$`);
    await database.query(
      `create trigger slow before update on public.agent_inbox_items for each row execute function public.slow()`,
    );
    const changed = change();
    try {
      await eventually(async () =>
        expect(
          await database.query(
            `select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
          ),
        ).toHaveLength(1),
      );
      await remove();
      await changed;
    } finally {
      await changed.catch(() => undefined);
      await database.query('drop function public.slow() cascade');
    }
  };

  test('a claim is deleted after it', async () => {
    await end((await claim()).token, 'released');
    await database.query('delete from public.agent_activity where agent_id = $1', [scout]);
    await deleteDuring(claim);
  });

  test('the end of its item is deleted after it', async () => {
    const { item_id: id } = await claim();
    await call('inbox');
    await deleteDuring(() => call('complete_item', { item: id }));
  });

  test('the report of its turn is deleted first, and the turn is lost', async () => {
    const { token, item_id: id } = await claim();
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select 1 from public.agent_inbox_items where id = $1 for update', [id]);
    const removed = remove();
    await areWaiting(1);
    const ended = end(token, 'failed');
    await areWaiting(2);
    await holder.query('rollback');
    await holder.end();
    await removed;
    expect((await ended).lost).toEqual([token]);
  });
});
