import { describe, expect } from 'vitest';
import { openChatFixture } from '../testing/chat.ts';
import { service, type TestDatabase } from '../testing/database.ts';
import { older, owner } from '../testing/older-hq.ts';
import { onAdopted } from '../testing/on-adopted.ts';

const { scout, task } = older;

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
});
