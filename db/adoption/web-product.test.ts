import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anon, type Caller, service, type TestDatabase } from '../testing/database.ts';
import { older, openAdoptedHq, owner } from '../testing/older-hq.ts';

/** A statement that the older web product, its daemons or its agents issue; `checks` sees the result before it is rolled back. */
interface Verb {
  readonly fault: string;
  readonly does: string;
  readonly sql: string;
  /** A query whose first column says true when the effect is there. */
  readonly checks?: string;
  /** The verb is for admins: an operator stays out. */
  readonly admin?: true;
}

const { gateway, scout, task, blockedTask, deliverable, contact } = older;
const inboxOf = (event: string) =>
  `select count(*) = 1 from agent_inbox_items where event_type = '${event}' and status = 'pending'`;
const command = (action: string, payload = '{}') =>
  `insert into agent_commands (status, gateway_id, agent_slug, action, payload)
   values ('pending', '${gateway}', 'scout', '${action}', '${payload}')`;

const verbs: readonly Verb[] = [
  {
    fault: 'F1',
    does: 'creates a task for an agent',
    sql: `insert into tasks (title, assignee_agent_id) values ('x', '${older.main}')`,
    checks: inboxOf('task_assignment').replace('count(*) = 1', 'count(*) > 0'),
  },
  {
    fault: 'F1',
    does: 'assigns a task',
    sql: `update tasks set assignee_type = 'agent', assignee_agent_id = '${scout}' where id = '${blockedTask}'`,
    checks: `select count(*) = 1 from agent_inbox_items where task_id = '${blockedTask}'`,
  },
  {
    fault: 'F1',
    does: 'finishes a task, which starts the one that waits for it',
    sql: `update tasks set status = 'done' where id = '${task}'`,
    checks: `select status = 'todo' from tasks where id = '${blockedTask}'`,
  },
  {
    fault: 'F1',
    does: 'blocks a task',
    sql: `update tasks set status = 'blocked', updated_at = now() where id = '${task}'`,
    checks: `select count(*) = 1 from notifications where type::text = 'task_blocked'`,
  },
  {
    fault: 'F1',
    does: 'mentions an agent',
    sql: `insert into comments (entity_type, entity_id, body, mentions) values ('task', '${task}', '@scout', '{scout}')`,
    checks: inboxOf('task_comment_mention').replace('= 1', '= 2'),
  },
  ...['approved', 'revision_requested', 'rejected'].map((status) => ({
    fault: 'F1',
    does: `marks a deliverable as ${status}`,
    sql: `update entity_links set review_status = '${status}', reviewed_at = now() where id = '${deliverable}'`,
    checks: inboxOf('deliverable_review'),
  })),
  {
    fault: 'F1',
    does: 'hands in a deliverable',
    sql: `insert into entity_links (owner_type, owner_id, url, is_deliverable, review_status)
          values ('task', '${task}', 'https://example.test/x', true, 'in_review')`,
  },
  {
    fault: 'F1',
    does: 'edits a contact that a routine watches',
    sql: `update contacts set name = 'Ada L.' where id = '${contact}'`,
    checks: `select count(*) = 1 from agent_inbox_items where event_type = 'routine_event'`,
  },
  {
    fault: 'F1',
    does: 'notes an interaction',
    sql: `insert into interactions (contact_id, summary) values ('${contact}', 'Mail')`,
  },
  {
    fault: 'F3',
    does: 'runs a routine now',
    sql: `insert into agent_inbox_items (agent_id, agent_slug, event_type, summary, dedup_key)
          values ('${scout}', 'scout', 'routine_schedule', 'Greet', 'now:1')`,
  },
  {
    fault: 'F3',
    does: 'retries an item that failed for good',
    sql: `update agent_inbox_items set status = 'pending', attempt_count = 0, failed_at = null, updated_at = now() where status = 'dead_letter'`,
  },
  ...['auth_list', 'auth_start', 'auth_paste', 'auth_refresh', 'auth_remove', 'auth_set_default'].map(
    (action) => ({
      fault: 'F4',
      does: `asks for ${action}`,
      sql: command(
        action,
        '{"provider": "openai", "profile_name": null, "mode": "device_code", "value": "x"}',
      ),
    }),
  ),
  {
    fault: 'F5',
    does: 'takes a model and a thinking level away',
    sql: command('set_agent_model', '{"agent_slug": "scout", "model": null, "thinking": null}'),
  },
  ...['off', 'xhigh'].map((thinking) => ({
    fault: 'F5',
    does: `sets the thinking level ${thinking}`,
    sql: command('set_agent_model', `{"agent_slug": "scout", "model": "m", "thinking": "${thinking}"}`),
  })),
  {
    fault: 'F5',
    does: 'sends a payload of its own shape',
    sql: command('update_all', '{"since": {"a": [1]}, "force": null}'),
  },
  ...['restart_gateway', 'restart_dispatcher'].map((action) => ({
    fault: 'F5',
    does: `asks for ${action} with a payload of its own`,
    sql: command(action, '{"reason": null, "force": true}'),
  })),
  {
    fault: 'F6',
    does: 'saves a budget by an upsert that sets the conflict column too',
    sql: `insert into agent_budgets (agent_id, monthly_limit_usd, hard_cutoff) values ('${scout}', 5, true)
          on conflict (agent_id) do update set agent_id = excluded.agent_id, monthly_limit_usd = excluded.monthly_limit_usd,
            hard_cutoff = excluded.hard_cutoff`,
    checks: `select monthly_limit_usd = 5 from agent_budgets where agent_id = '${scout}'`,
  },
  ...[
    'source_write',
    'collection_list',
    'collection_query',
    'collection_record_create',
    'collection_record_update',
    'deploy',
  ].map((action) => ({ fault: 'F7', does: `asks for ${action}`, sql: command(action) })),
  {
    fault: 'kept',
    does: 'renames an agent',
    sql: `update agents set name = 'Scout II' where id = '${scout}'`,
  },
  {
    fault: 'kept',
    does: 'marks a notification as read',
    sql: `update notifications set read_at = now() where type::text = 'task_completed'`,
  },
  {
    fault: 'kept',
    does: 'marks notifications as read by an upsert of several rows',
    sql: `insert into notifications (id, type, title, read_at) select id, type, title, now() from notifications
          on conflict (id) do update set id = excluded.id, type = excluded.type, title = excluded.title, read_at = excluded.read_at`,
    checks: `select bool_and(read_at is not null and severity is not null) from notifications`,
  },
  {
    fault: 'kept',
    does: 'saves an agent of a reserved name by an upsert',
    sql: `insert into agents (id, slug, name) values ('${older.main}', 'main', 'Boss')
          on conflict (id) do update set id = excluded.id, slug = excluded.slug, name = excluded.name`,
    checks: `select name = 'Boss' from agents where slug = 'main'`,
  },
  {
    fault: 'kept',
    does: 'deletes a notification that was read',
    sql: `delete from notifications where type::text = 'task_completed' returning id`,
  },
  {
    fault: 'kept',
    does: 'takes an item out of an inbox',
    sql: `delete from agent_inbox_items where status = 'dead_letter'`,
  },
  {
    fault: 'kept',
    does: 'deletes a budget',
    sql: `delete from agent_budgets where agent_id = '${scout}'`,
  },
  {
    fault: 'kept',
    does: 'creates tasks whose assignee is somebody else than their agent',
    sql: `insert into tasks (title, assignee_type, assignee_agent_id) values ('x', 'human', '${scout}'), ('x', 'agent', null), ('x', null, '${scout}')`,
    checks: `select array_agg(assignee_type::text order by assignee_type) = '{human,agent,null}' from tasks where title = 'x'`,
  },
  {
    fault: 'kept',
    does: 'adds to a collection',
    sql: `insert into collection_records (collection_id) select id from collections`,
  },
  {
    fault: 'kept',
    does: 'renames a gateway',
    sql: `update gateways set label = 'Mine' where id = '${gateway}'`,
    admin: true,
  },
];

const services: readonly Verb[] = [
  {
    fault: 'F5',
    does: 'onboarding asks for the first agent with nulls',
    sql: `insert into agent_commands (agent_slug, gateway_id, action, payload) values ('newcomer', '${gateway}', 'provision',
          '{"channel": "none", "name": null, "owner_name": null, "owner_preferred_name": null, "owner_timezone": null}')`,
  },
  {
    fault: 'F12',
    does: 'saves secrets of reserved and lower-case names by an upsert',
    sql: `insert into secrets (id, gateway_id, agent_id, key, name, encrypted_value)
          select id, gateway_id, agent_id, key, name, 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEd' from secrets
          on conflict (id) do update set key = excluded.key, encrypted_value = excluded.encrypted_value`,
    checks: `select count(*) = 4 from secrets where encrypted_value like '%HGEd'`,
  },
  {
    fault: 'F14',
    does: 'onboarding completes the set-up',
    sql: `select complete_setup('HQ', '', '', '', '', '', '[{"name": "New"}]', '[]', '[]')`,
    checks: `select string_agg(name, ',') = 'New' from streams`,
  },
  {
    fault: 'F14',
    does: 'its worker stores what it read',
    sql: `select mark_knowledge_item_processed('${older.knowledge}', 'read'), upsert_knowledge_chunks('${older.knowledge}', '["a"]')`,
    checks: `select content = 'read' from knowledge_items where id = '${older.knowledge}'`,
  },
  {
    fault: 'F14',
    does: 'its scheduler spawns, escalates and marks',
    sql: `select spawn_due_routines(), escalate_stale_items(), mark_overdue_tasks()`,
  },
  {
    fault: 'F16',
    does: 'asks for a command of no gateway, where there are several',
    sql: `insert into gateways (slug) values ('another'); insert into agent_commands (action) values ('update_all'), ('restart_gateway')`,
  },
  {
    fault: 'F16',
    does: 'asks for a command on the gateway that an agent left',
    sql: `insert into gateways (id, slug) values ('bbbbbbbb-0000-4000-8000-0000000000ff', 'another');
          insert into agent_commands (action, gateway_id, agent_slug) values ('remove', 'bbbbbbbb-0000-4000-8000-0000000000ff', 'scout')`,
  },
  {
    fault: 'kept',
    does: 'its worker writes a comment as the agent, dated back, and a sign of life',
    sql: `insert into comments (entity_type, entity_id, body, actor_type, actor_agent_id, created_at)
          values ('task', '${task}', 'Mine', 'agent', '${scout}', '2026-01-01');
          update agents set last_seen_at = '2026-01-01' where id = '${scout}'`,
    checks: `select actor_type::text = 'agent' and created_at < '2026-02-01' from comments where body = 'Mine'`,
  },
];

describe.each(['fresh', 'upgraded'] as const)('the web product of an older HQ that was %s', (shape) => {
  let database: TestDatabase;
  let client: pg.Client;
  const callers: Record<string, Caller> = { owner, anon, service };

  beforeAll(async () => {
    database = await openAdoptedHq(shape);
    for (const role of ['viewer', 'operator'] as const) callers[role] = await database.addUser({ role });
    callers.stranger = await database.addUser({ role: null });
    await database.query(
      `insert into notifications (type, title, entity_type, entity_id) values ('task_completed', 'Done', 'task', '${task}')`,
    );
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  /** Runs a statement as somebody and rolls it back. `works` is false where it reaches no row; `code` is the SQLSTATE of an error. */
  async function attempt(who: string, { sql, checks }: Verb): Promise<{ works: boolean; code?: string }> {
    const { role, claims } = callers[who] ?? anon;
    await client.query('discard plans; begin');
    try {
      await client.query(`select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)`, [
        JSON.stringify(claims),
        role,
      ]);
      const results = [await client.query(sql)].flat();
      if (results.at(-1)?.rowCount === 0) return { works: false };
      if (checks === undefined) return { works: true };
      await client.query('reset role');
      const { rows } = await client.query<unknown[]>({ text: checks, rowMode: 'array' });
      return { works: rows[0]?.[0] === true };
    } catch (error) {
      if (error instanceof pg.DatabaseError) return { works: false, code: `${error.code}: ${error.message}` };
      throw error;
    } finally {
      await client.query('rollback');
    }
  }

  describe('a member', () => {
    test.each(verbs)('$does ($fault)', async (verb) => {
      expect(await attempt('owner', verb)).toEqual({ works: true });
      expect(await attempt('operator', verb)).toMatchObject({ works: verb.admin !== true });
      for (const who of ['viewer', 'stranger', 'anon']) {
        const { works, code } = await attempt(who, verb);
        expect({ who, works, code: code?.slice(0, 5) }).toEqual({
          who,
          works: false,
          code: code === undefined ? code : expect.stringMatching(/^(42501|28000|P0002)/),
        });
      }
    });
  });

  describe('the service role', () => {
    test.each(services)('$does ($fault)', async (verb) => {
      expect(await attempt('service', verb)).toEqual({ works: true });
    });
  });
});
