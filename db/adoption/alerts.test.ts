import { describe, expect } from 'vitest';
import { openChatFixture } from '../testing/chat.ts';
import { service, type TestDatabase } from '../testing/database.ts';
import { older, owner } from '../testing/older-hq.ts';
import { onAdopted } from '../testing/on-adopted.ts';

const { blockedTask, scout, task } = older;

describe('one alert for a thing', () => {
  const open = (database: TestDatabase) =>
    database.query(
      `select type, title, severity, subject is not null as has_subject, dedup_key is not null as lasts from notifications
       where resolved_at is null and dismissed_at is null and title <> 'Review: The draft' order by last_at, type::text`,
    );

  onAdopted('a blocked task, until it goes on (F18)', async (database) => {
    await database.as(service, `update tasks set status = 'blocked' where id = $1`, [task]);
    expect(await open(database)).toMatchObject([
      { type: 'task_blocked', title: 'Blocked: Write', severity: 'warning', has_subject: true, lasts: true },
    ]);
    await database.as(service, `update tasks set status = 'in_progress' where id = $1`, [task]);
    expect(await open(database)).toEqual([]);
    // The order of two triggers is that of their names.
    await database.query(`alter trigger on_task_status on tasks rename to a_task_status`);
    await database.as(owner, `update tasks set status = 'blocked' where id = $1`, [task]);
    expect(await open(database)).toMatchObject([
      { type: 'task_blocked', title: 'Blocked: Write', severity: 'warning', lasts: true },
    ]);
  });

  onAdopted('a deliverable to review, although its notification names the task (F18)', async (database) => {
    const hand = (label: string) =>
      database.as(
        owner,
        `insert into entity_links (owner_type, owner_id, url, label, is_deliverable, review_status) values ('task', $1, 'https://x', $2, true, 'in_review')`,
        [task, label],
      );
    await hand('One');
    await hand('Two');
    expect(await open(database)).toMatchObject([
      { type: 'deliverable_submitted', title: 'Review: One', lasts: true },
      { type: 'deliverable_submitted', title: 'Review: Two', lasts: true },
    ]);
    await database.as(owner, `update entity_links set review_status = 'approved' where label = 'One'`);
    expect(await open(database)).toMatchObject([{ title: 'Review: Two' }]);
    expect(
      await database.query(`select dedup_key from notifications where title = 'Review: The draft'`),
    ).toEqual([{ dedup_key: null }]);
  });

  onAdopted('a budget that is used up, and an overdue task (F18)', async (database) => {
    await database.as(owner, `update agent_budgets set monthly_limit_usd = 10 where agent_id = $1`, [scout]);
    await database.query(`update agent_budgets set hourly_limit_usd = 1000`);
    const spend = (cost: number) =>
      database.as(
        service,
        `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd) values ($1, gen_random_uuid()::text, 'p', 'm', $2)`,
        [scout, cost],
      );
    await spend(7);
    expect(await open(database)).toMatchObject([
      { title: 'Budget nearly used', severity: 'warning', lasts: true },
    ]);
    await spend(30);
    expect(await open(database)).toMatchObject([
      { title: 'Budget exceeded', severity: 'error', lasts: true },
    ]);
    await database.query(`update tasks set due_date = current_date - 1 where id = $1`, [task]);
    await database.query(`update gateways set last_seen_at = null`);
    const chats = await openChatFixture(database);
    await chats.request('chat_heartbeat', { holder: 'x', adapters: [] });
    expect(await open(database)).toHaveLength(2);
    await database.as(service, `select mark_overdue_tasks()`);
    expect(await open(database)).toMatchObject([{ title: 'Budget exceeded' }, { title: 'Overdue: Write' }]);
  });

  onAdopted(
    'a condition that comes back is told again, though an old notification is still there',
    async (database) => {
      await database.query(
        `insert into notifications (type, title, entity_type, entity_id, read_at, created_at) values
         ('task_blocked', 'Old', 'task', $1, now(), now() - interval '9 days'),
         ('budget_exceeded', 'Old', 'agent', $2, now(), now() - interval '9 days')`,
        [task, scout],
      );
      await database.as(owner, `update tasks set status = 'blocked' where id = $1`, [task]);
      await database.as(owner, `update agent_budgets set monthly_limit_usd = 2 where agent_id = $1`, [scout]);
      await database.as(
        service,
        `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd) values ($1, 'r', 'p', 'm', 5)`,
        [scout],
      );
      expect(
        await database.query(
          `select type, title, read_at is null as is_new, dedup_key is not null as lasts from notifications
         where type::text in ('task_blocked', 'budget_exceeded') order by type, is_new`,
        ),
      ).toEqual([
        { type: 'task_blocked', title: 'Old', is_new: false, lasts: false },
        { type: 'task_blocked', title: 'Blocked: Write', is_new: true, lasts: true },
        { type: 'budget_exceeded', title: 'Old', is_new: false, lasts: false },
        { type: 'budget_exceeded', title: 'Budget exceeded', is_new: true, lasts: true },
      ]);
    },
  );

  onAdopted(
    'a notification that an agent or a later trigger writes comes back to its writer',
    async (database) => {
      const write = (title: string) =>
        database.as<{ id: string }>(
          service,
          `insert into notifications (type, title, entity_type, entity_id) values ('task_blocked', $1, 'task', $2) returning id`,
          [title, blockedTask],
        );
      await database.query(`update tasks set status = 'todo' where id = $1`, [blockedTask]);
      await database.query(`update tasks set status = 'blocked' where id = $1`, [blockedTask]);
      const [first] = await write('I wait for the data');
      expect(await open(database)).toMatchObject([
        { type: 'task_blocked', title: 'I wait for the data', severity: 'warning', lasts: true },
      ]);
      const [second] = await write('I still wait');
      expect(second?.id).not.toBe(first?.id);
      expect(
        await database.query(`select 1 from notifications where id in ($1, $2)`, [first?.id, second?.id]),
      ).toHaveLength(2);
      await database.query(`update tasks set status = 'todo' where id = $1`, [blockedTask]);
      expect(await open(database)).toMatchObject([{ title: 'I still wait' }]);
    },
  );

  onAdopted(
    'an upsert that marks notifications as read leaves the alerts of the same thing',
    async (database) => {
      await database.query(
        `insert into notifications (type, title, entity_type, entity_id) values ('task_blocked', 'Old', 'task', $1)`,
        [blockedTask],
      );
      await database.query(`update tasks set status = 'todo' where id = $1`, [blockedTask]);
      await database.query(`update tasks set status = 'blocked' where id = $1`, [blockedTask]);
      for (const end of ['update set read_at = excluded.read_at', 'nothing']) {
        await database.as(
          owner,
          `insert into notifications (id, type, title, entity_type, entity_id, read_at)
         select id, type, title, entity_type, entity_id, now() from notifications on conflict (id) do ${end}`,
        );
        expect(await open(database)).toMatchObject([
          { title: 'Old', lasts: false },
          { title: 'blocked: Publish', severity: 'warning', lasts: true },
        ]);
      }
    },
  );
});
