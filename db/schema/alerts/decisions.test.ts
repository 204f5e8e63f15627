import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let agent: string;
beforeAll(async () => {
  database = await cloneDatabase();
  agent = await database.addAgent('scribe', await database.addGateway('watched'));
});
afterAll(() => database.drop());

const alerts = (type: string) =>
  database.query<{ title: string; body: string | null; resolved: boolean }>(
    `select title, body, resolved_at is not null as resolved from notifications where type = $1 order by created_at`,
    [type],
  );

describe('an alert', () => {
  const raise = async (title: string): Promise<string> => {
    await database.query('select hq.notify($1)', [
      JSON.stringify({ tenant_id: nilTenant, type: 'agent_error', title, dedup_key: title, subject: title }),
    ]);
    const [row] = await database.query<{ id: string }>('select id from notifications where title = $1', [
      title,
    ]);
    return row?.id ?? '';
  };
  const decided = async (id: string) =>
    (
      await database.query(
        `select seen_by, muted_by, round(extract(epoch from muted_until - clock_timestamp()) / 60) as minutes
         from notifications where id = $1`,
        [id],
      )
    )[0];

  test('names who has seen it, through an action or by the column, and keeps the first', async () => {
    const [ann, ben] = [
      await database.addUser({ role: 'operator', email: 'ann@example.test' }),
      await database.addUser({ role: 'operator', email: 'ben@example.test' }),
    ];
    const [one, two] = [await raise('one'), await raise('two')];
    await enqueue(database, ann, 'acknowledge_alert', { payload: { alert: one } });
    await enqueue(database, ben, 'acknowledge_alert', { payload: { alert: one } });
    await database.as(ben, 'update notifications set read_at = now() where id = $1', [two]);
    expect(await decided(one)).toMatchObject({ seen_by: 'ann@example.test' });
    expect(await decided(two)).toMatchObject({ seen_by: 'ben@example.test' });
    await database.as(ben, 'update notifications set read_at = null where id = $1', [two]);
    expect(await decided(two)).toMatchObject({ seen_by: null });
    await expect(
      database.as(ben, `update notifications set seen_by = 'somebody else' where id = $1`, [two]),
    ).rejects.toThrow(/permission denied/);
  });

  test('names who muted it and until when, and moves with another mute', async () => {
    const cat = await database.addUser({ role: 'operator', email: 'cat@example.test' });
    const id = await raise('loud');
    const mute = (minutes: number) =>
      enqueue(database, cat, 'mute_alert', { payload: { alert: id, minutes } });
    await mute(60);
    expect(await decided(id)).toEqual({
      seen_by: 'cat@example.test',
      muted_by: 'cat@example.test',
      minutes: '60',
    });
    await database.query(`update notifications set last_at = now() - interval '1 hour' where id = $1`, [id]);
    await mute(120);
    expect(
      await database.query(
        `select 1 from notifications where id = $1 and last_at > now() - interval '1 minute'`,
        [id],
      ),
    ).toHaveLength(1);
    expect(await decided(id)).toMatchObject({ minutes: '120' });
  });
});

test('a lowered limit raises the alert of a budget, from warned to exceeded', async () => {
  await database.query(
    `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd) values ($1, 'r', 'p', 'm', 9)`,
    [agent],
  );
  const limit = (usd: number) =>
    database.query('update agent_budgets set monthly_limit_usd = $2 where agent_id = $1', [agent, usd]);
  await limit(10);
  expect(await alerts('budget_warned')).toEqual([
    { title: 'scribe has nearly used its budget', body: '9.00 of 10.00 USD this month', resolved: false },
  ]);
  await limit(5);
  expect((await alerts('budget_warned')).map(({ resolved }) => resolved)).toEqual([true]);
  expect(await alerts('budget_exceeded')).toEqual([
    { title: 'scribe has used up its budget', body: '9.00 of 5.00 USD this month', resolved: false },
  ]);
});

test('what is deleted is over', async () => {
  await database.query(`update agents set status = 'error' where id = $1`, [agent]);
  const [task] = await database.query<{ id: string }>(
    `insert into tasks (title, status, due_date) values ('T', 'blocked', now() - interval '1 hour') returning id`,
  );
  await database.query('select hq.sweep_tasks($1)', [nilTenant]);
  await database.query(
    `insert into entity_links (owner_type, owner_id, label, is_deliverable, review_status)
     values ('task', $1, 'The report', true, 'in_review')`,
    [task?.id],
  );
  const kinds = ['agent_error', 'budget_exceeded', 'task_blocked', 'task_overdue', 'deliverable_submitted'];
  const open = async () =>
    (
      await database.query<{ type: string }>(
        `select type from notifications where resolved_at is null and split_part(dedup_key, ':', 1) = any ($1) order by type`,
        [kinds],
      )
    ).map(({ type }) => type);
  expect(await open()).toEqual([...kinds].sort());
  await database.query('delete from entity_links');
  await database.query('delete from tasks');
  await database.query('delete from agents');
  expect(await open()).toEqual([]);
});
