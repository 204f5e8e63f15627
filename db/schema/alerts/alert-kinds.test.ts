import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { ask, claimOne, exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let agent: string;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('watched');
  agent = await database.addAgent('scribe', gateway);
});
afterAll(() => database.drop());

interface Alert {
  readonly severity: string;
  readonly title: string;
  readonly subject: string;
  readonly occurrences: number;
  readonly resolved: boolean;
}
const alerts = (type: string) =>
  database.query<Alert>(
    `select severity, title, subject, occurrences, resolved_at is not null as resolved
     from notifications where type = $1 order by created_at`,
    [type],
  );
const sweep = () =>
  database.query(`select hq.sweep_gateways($1), hq.sweep_tasks($1)`, [nilTenant]).then(() => undefined);
const seen = (ago: string) =>
  database.query(`update gateways set last_seen_at = clock_timestamp() - $2::interval where id = $1`, [
    gateway,
    ago,
  ]);

describe('a gateway', () => {
  test('that is stale raises one alert, until it is seen again', async () => {
    await seen('80 seconds');
    await sweep();
    expect(await alerts('gateway_stale')).toEqual([]);
    await seen('100 seconds');
    for (let n = 0; n < 3; n += 1) await sweep();
    expect(await alerts('gateway_stale')).toEqual([
      {
        severity: 'critical',
        title: 'watched is not heard of',
        subject: `gateway:${gateway}`,
        occurrences: 1,
        resolved: false,
      },
    ]);
    await exchange(database, { gateway, beat: { version: '1' } });
    expect((await alerts('gateway_stale')).map(({ resolved }) => resolved)).toEqual([true]);
    await seen('100 seconds');
    await sweep();
    expect((await alerts('gateway_stale')).map(({ resolved }) => resolved)).toEqual([true, false]);
  });

  test('that somebody does not want to see any more stays unseen until it was back', async () => {
    await database.query(`update notifications set dismissed_at = now() where type = 'gateway_stale'`);
    await sweep();
    expect(await alerts('gateway_stale')).toHaveLength(2);
    await seen('0 seconds');
    await seen('100 seconds');
    await sweep();
    expect(await alerts('gateway_stale')).toHaveLength(3);
  });

  test('that was put to sleep, or is gone, is over by the next sweep', async () => {
    await database.query(`update gateways set status = 'hibernating' where id = $1`, [gateway]);
    await sweep();
    expect((await alerts('gateway_stale')).every(({ resolved }) => resolved)).toBe(true);
    const doomed = await database.addGateway('doomed');
    await database.query(`update gateways set last_seen_at = now() - interval '1 hour' where id = $1`, [
      doomed,
    ]);
    await sweep();
    await database.query(`delete from gateways where id = $1`, [doomed]);
    await sweep();
    expect((await alerts('gateway_stale')).every(({ resolved }) => resolved)).toBe(true);
  });

  test('of another tenant is not swept for this one', async () => {
    const other = await database.addTenant('other');
    await database.query(
      `update gateways set last_seen_at = now() - interval '1 hour' where tenant_id = $1`,
      [other.id],
    );
    await sweep();
    expect(await database.query(`select 1 from notifications where tenant_id = $1`, [other.id])).toEqual([]);
  });
});

test('a command that failed is about its gateway, and can be muted as that', async () => {
  const host = await database.addGateway('failing');
  for (let n = 0; n < 2; n += 1) {
    await ask(database, host, 'ping');
    const { lease_token: token } = await claimOne(database, host);
    await exchange(database, {
      gateway: host,
      results: [{ token, status: 'failed', error_message: 'no' }],
    });
  }
  expect(await alerts('command_failed')).toEqual([
    expect.objectContaining({ severity: 'error', subject: `gateway:${host}`, occurrences: 1 }),
    expect.objectContaining({ severity: 'error', subject: `gateway:${host}`, occurrences: 1 }),
  ]);
});

test('an agent in error raises an alert until it recovers', async () => {
  const become = (status: string) =>
    database.query(`update agents set status = $2 where id = $1`, [agent, status]);
  await become('error');
  await become('error');
  expect(await alerts('agent_error')).toEqual([
    expect.objectContaining({ severity: 'error', title: 'scribe is in error', resolved: false }),
  ]);
  await become('ready');
  await become('error');
  expect((await alerts('agent_error')).map(({ resolved }) => resolved)).toEqual([true, false]);
});

test('a budget raises alerts as it is used up, and resolves them once there is room again', async () => {
  await database.query(`insert into agent_budgets (agent_id, monthly_limit_usd) values ($1, 10)`, [agent]);
  const use = (usd: number) =>
    database.query(
      `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd) values ($1, gen_random_uuid(), 'p', 'm', $2)`,
      [agent, usd],
    );
  await use(8.5);
  await use(0.5);
  expect(await alerts('budget_warned')).toEqual([
    expect.objectContaining({ severity: 'warning', subject: `agent:${agent}`, resolved: false }),
  ]);
  await use(5);
  expect((await alerts('budget_warned')).map(({ resolved }) => resolved)).toEqual([true]);
  expect((await alerts('budget_exceeded')).map(({ severity }) => severity)).toEqual(['error']);
  await database.query(`update agent_budgets set monthly_limit_usd = 100`);
  expect((await alerts('budget_exceeded')).map(({ resolved }) => resolved)).toEqual([true]);
});

describe('a task', () => {
  const add = async (title: string, due: string | null = null, status = 'todo') =>
    (
      await database.query<{ id: string }>(
        `insert into tasks (title, due_date, status) values ($1, now() + $2::interval, $3) returning id`,
        [title, due, status],
      )
    )[0]?.id ?? '';
  const titled = async (type: string, title: string) =>
    (await alerts(type)).filter((alert) => alert.title.endsWith(title));

  test('that is blocked raises an alert until it moves on', async () => {
    const id = await add('Stuck');
    await database.query(`update tasks set status = 'blocked' where id = $1`, [id]);
    expect(await titled('task_blocked', 'Stuck')).toEqual([
      expect.objectContaining({ severity: 'warning', subject: `task:${id}`, resolved: false }),
    ]);
    await database.query(`update tasks set status = 'in_progress' where id = $1`, [id]);
    expect((await titled('task_blocked', 'Stuck')).map(({ resolved }) => resolved)).toEqual([true]);
    await add('Born stuck', null, 'blocked');
    expect(await titled('task_blocked', 'Born stuck')).toHaveLength(1);
  });

  test('that is overdue raises one alert, until it is done or has more time', async () => {
    const late = await add('Late', '-1 minute');
    const given = await add('Given time', '-1 minute');
    await add('In time', '1 hour');
    await add('Done long ago', '-1 day', 'done');
    await add('Forgotten', '-8 days');
    for (let n = 0; n < 3; n += 1) await sweep();
    expect((await alerts('task_overdue')).map(({ title, occurrences }) => [title, occurrences])).toEqual([
      ['overdue: Late', 1],
      ['overdue: Given time', 1],
    ]);
    await database.query(`update tasks set status = 'done' where id = $1`, [late]);
    await database.query(`update tasks set due_date = now() + interval '1 day' where id = $1`, [given]);
    expect((await alerts('task_overdue')).every(({ resolved }) => resolved)).toBe(true);
  });
});

test('a submitted deliverable raises an alert until somebody decides', async () => {
  const [task] = await database.query<{ id: string }>(`insert into tasks (title) values ('T') returning id`);
  await database.query(
    `insert into entity_links (owner_type, owner_id, label, is_deliverable, review_status) values
     ('task', $1, 'The report', true, 'in_review'), ('task', $1, 'A draft', true, 'draft'), ('task', $1, 'A link', false, null)`,
    [task?.id],
  );
  expect(await alerts('deliverable_submitted')).toEqual([
    expect.objectContaining({ severity: 'info', title: 'to review: The report', resolved: false }),
  ]);
  await database.query(`update entity_links set review_status = 'in_review' where label = 'A draft'`);
  expect(await alerts('deliverable_submitted')).toHaveLength(2);
  await database.query(`update entity_links set review_status = 'approved'`);
  expect((await alerts('deliverable_submitted')).every(({ resolved }) => resolved)).toBe(true);
});

test('a gateway that keeps restarting is one alert, until it runs', async () => {
  const report = (problem: string | null) =>
    exchange(database, { gateway, beat: { gateway_problem: problem } });
  await report('OpenClaw ended by itself 3 times.');
  await report('OpenClaw ended by itself 4 times.');
  await exchange(database, { gateway, beat: { version: '1' } });
  expect(await alerts('gateway_restarting')).toEqual([
    {
      ...{ severity: 'critical', title: 'watched keeps restarting', occurrences: 1, resolved: false },
      subject: `gateway:${gateway}`,
    },
  ]);
  await report(null);
  expect((await alerts('gateway_restarting')).map(({ resolved }) => resolved)).toEqual([true]);
});

describe('an alert that lasts', () => {
  const raise = (title: string, more: object = {}) =>
    database.query(`select hq.notify($1)`, [
      JSON.stringify({
        ...{ tenant_id: nilTenant, type: 'pairing_requested', dedup_key: 'pairing:1', title },
        ...more,
      }),
    ]);
  const rows = () => alerts('pairing_requested');

  test('counts how often it came, however many come at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => raise(`request ${n}`)));
    expect(await rows()).toEqual([expect.objectContaining({ occurrences: 20 })]);
  });

  test('moves its time with every change that a client shows', async () => {
    const moved = async (change: string) => {
      await database.query(
        `update notifications set last_at = now() - interval '1 hour' where dedup_key = 'pairing:1'`,
      );
      await database.query(change);
      const [row] = await database.query<{ moved: boolean }>(
        `select last_at > now() - interval '1 minute' as moved from notifications where dedup_key = 'pairing:1'`,
      );
      return row?.moved;
    };
    const set = (what: string) => moved(`update notifications set ${what} where dedup_key = 'pairing:1'`);
    expect(await set(`read_at = now()`)).toBe(true);
    expect(await set(`muted = true`)).toBe(true);
    expect(await set(`meta = '{"x": 1}'`)).toBe(false);
    expect(await moved(`select hq.resolve_alert('${nilTenant}', 'pairing:1')`)).toBe(true);
    expect(await set(`read_at = null, muted = false, resolved_at = null`)).toBe(true);
  });

  test('is another one after it was over, or was dismissed', async () => {
    await database.query(`select hq.resolve_alert($1, 'pairing:1')`, [nilTenant]);
    await raise('again');
    await database.query(`update notifications set dismissed_at = now() where title = 'again'`);
    await raise('once more');
    expect((await rows()).map(({ occurrences }) => occurrences)).toEqual([20, 1, 1]);
  });
});
