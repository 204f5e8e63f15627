import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { migrate } from '../src/migrate.ts';
import { verify } from '../src/verify.ts';
import { openChatFixture } from '../testing/chat.ts';
import { anon, type Caller, service, type TestDatabase } from '../testing/database.ts';
import { enqueue } from '../testing/enqueue.ts';
import { exchange, readCommand } from '../testing/exchange.ts';
import { runOlderDaemon } from '../testing/older-daemon.ts';
import { older, openAdoptedHq, owner } from '../testing/older-hq.ts';

const { gateway, scout, task, deliverable } = older;
const sealed = 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEd';

/** A test with an adopted HQ of its own. */
function onAdopted(name: string, work: (database: TestDatabase) => Promise<void>): void {
  test(name, async () => {
    const database = await openAdoptedHq();
    try {
      await work(database);
    } finally {
      await database.drop();
    }
  });
}

describe('on an adopted HQ', () => {
  let database: TestDatabase;
  let viewer: Caller;
  let stranger: Caller;
  beforeAll(async () => {
    database = await openAdoptedHq();
    viewer = await database.addUser({ role: 'viewer' });
    stranger = await database.addUser({ role: null });
  });
  afterAll(() => database.drop());

  test('every refusal is an answer with a line in the audit log (F2)', async () => {
    const refusals = async () =>
      (await database.query(`select 1 from audit_log where action::text = 'command.refused'`)).length;
    const before = await refusals();
    expect((await enqueue(database, owner, 'nope')).refused?.code).toBe('usage');
    expect((await enqueue(database, owner, 'pause_agent', { agent: 'nosuch' })).refused?.code).toBe(
      'not_found',
    );
    expect((await enqueue(database, viewer, 'restart_gateway')).refused?.code).toBe('refused');
    const [secret] = await database.as(viewer, `select set_secret('X', $1, 'default') as a`, [sealed]);
    expect(secret?.a.refused.code).toBe('refused');
    expect(await refusals()).toBe(before + 4);
    await database.as(service, `select replace_envelopes('[]', null, true)`);
    const chats = await openChatFixture(database);
    expect((await chats.call('chat_act', {}, { action: 'ping', payload: {} })).refused?.code).toBe('refused');
  });

  test('a key in clear is refused, and an absent one is not (F4)', async () => {
    const insert = (payload: object) =>
      database.as(
        owner,
        `insert into agent_commands (gateway_id, action, payload) values ($1, 'auth_list', $2)`,
        [gateway, JSON.stringify(payload)],
      );
    await expect(insert({ api_key: 'sk-secret' })).rejects.toMatchObject({ code: '22023' });
    await insert({ api_key: null });
  });

  test.each(['complete_command', 'fail_command'])(
    'what somebody pasted into a sign-in is gone after %s (F4)',
    async (end) => {
      const [row] = await database.as<{ id: string }>(
        owner,
        `insert into agent_commands (gateway_id, action, payload) values ($1, 'auth_paste', $2) returning id`,
        [gateway, JSON.stringify({ parent_command_id: 'p', value: 'the-code' })],
      );
      const more = end === 'fail_command' ? `, 'no'` : '';
      await database.as(service, `select ${end}($1, 0, '', ''${more})`, [row?.id]);
      const [after] = await database.query(`select payload from agent_commands where id = $1`, [row?.id]);
      expect(JSON.stringify(after)).not.toContain('the-code');
      expect(after?.payload).toMatchObject({ parent_command_id: 'p' });
    },
  );

  test('a payload beyond 1 MiB is refused (F5)', async () => {
    await expect(
      database.as(
        owner,
        `insert into agent_commands (gateway_id, action, payload) values ($1, 'source_write', $2)`,
        [gateway, JSON.stringify({ text: 'x'.repeat(1_100_000) })],
      ),
    ).rejects.toMatchObject({ code: '22023', column: 'payload' });
  });

  test('an upsert changes neither what an agent spent nor whose budget it is (F6)', async () => {
    await database.as(
      owner,
      `update agent_budgets set agent_id = $2, current_period_spend_usd = 0, monthly_limit_usd = 7 where agent_id = $1`,
      [scout, scout],
    );
    await database
      .as(owner, `update agent_budgets set agent_id = gen_random_uuid() where agent_id = $1`, [scout])
      .catch(() => undefined);
    expect(
      await database.query(
        `select monthly_limit_usd::float as limit, current_period_spend_usd::float as spent from agent_budgets where agent_id = $1`,
        [scout],
      ),
    ).toEqual([{ limit: 7, spent: 1.5 }]);
  });

  test('a secret is set without a name (F9)', async () => {
    const [row] = await database.as(owner, `select set_secret('MY_NEW', $1, 'default') as a`, [sealed]);
    expect(row?.a).toMatchObject({ created: true, secret: { key: 'MY_NEW', name: 'MY_NEW' } });
  });

  test('a task that HQ assigns is the agent’s in the web product too (F11)', async () => {
    const assigned = await enqueue(database, owner, 'assign_task', { payload: { task, agent: 'main' } });
    expect(assigned.refused).toBeUndefined();
    await enqueue(database, owner, 'create_task', { payload: { title: 'For scout', agent: 'scout' } });
    await enqueue(database, owner, 'create_task', { payload: { title: 'For nobody' } });
    expect(
      await database.query(
        `select title, assignee_type from tasks where id = $1 or title like 'For %' order by title`,
        [task],
      ),
    ).toEqual([
      { title: 'For nobody', assignee_type: null },
      { title: 'For scout', assignee_type: 'agent' },
      { title: 'Write', assignee_type: 'agent' },
    ]);
  });

  test('a secret keeps taking values under a name that is not allowed any more (F12)', async () => {
    await database.as(
      service,
      `update secrets set encrypted_value = $1 where key in ('in_clear', 'NODE_OPTIONS')`,
      [sealed],
    );
    const [row] = await database.as(owner, `select set_secret('in_clear', $1, 'default') as a`, [sealed]);
    expect(row?.a).toMatchObject({ created: false });
    await expect(
      database.query(`update secrets set key = 'lower' where key = 'EMPTY'`),
    ).rejects.toMatchObject({ code: '22023', column: 'key' });
  });

  test('a value that becomes active has no error any more (F20)', async () => {
    const [secret] = await database.query(`select id, revision from secrets where key = 'OPENAI_API_KEY'`);
    const results = [{ ...secret, status: 'error', error: 'not encrypted' }];
    await database.as(service, `select secrets_synced($1, $2)`, [gateway, JSON.stringify(results)]);
    await database.as(service, `update secrets set sync_status = 'active' where id = $1`, [secret?.id]);
    expect(await database.query(`select sync_error from secrets where id = $1`, [secret?.id])).toEqual([
      { sync_error: null },
    ]);
  });

  test('usage without a known cost comes last and costs nothing, and a deliverable has name and task (F21, F25)', async () => {
    const chats = await openChatFixture(database);
    const { code } = await chats.request('issue_chat_code', {}, owner);
    await chats.call('chat_link', {}, { code });
    const read = async (what: string, args: object = {}) =>
      z
        .array(z.record(z.string(), z.unknown()))
        .parse((await chats.call('chat_read', {}, { what, args })).rows);
    expect((await read('usage')).map(({ agent, cost_usd }) => [agent, cost_usd])).toEqual([
      ['scout', 1.5],
      ['main', 0],
    ]);
    expect(await read('deliverable', { id: deliverable })).toMatchObject([
      { title: 'The draft', entity_type: 'task', entity_id: task },
    ]);
    expect(await read('task', { id: task })).toMatchObject([{ deliverables: [{ title: 'The draft' }] }]);
  });

  test('a stranger and a viewer change and read nothing through its functions (F14)', async () => {
    const calls = [
      `select complete_setup('x', 'x', '', '', '', '', '[]', '[]', '[]')`,
      `select reset_settings()`,
      `select mark_knowledge_item_processed('${older.knowledge}', 'x')`,
      `select upsert_knowledge_chunks('${older.knowledge}', '[]')`,
      `select spawn_due_routines()`,
      `select escalate_stale_items()`,
      `select mark_overdue_tasks()`,
    ];
    for (const caller of [stranger, viewer, anon]) {
      for (const call of calls) {
        await expect(database.as(caller, call), call).rejects.toMatchObject({ code: '42501' });
      }
    }
    expect(await database.query(`select name from streams`)).toEqual([{ name: 'Sales' }]);
    for (const nobody of [stranger, anon]) {
      const read = database.as(nobody, `select * from get_agent_daily_usage()`);
      expect(await read.catch((error: pg.DatabaseError) => error.code)).toSatisfy(
        (answer) => answer === '42501' || (Array.isArray(answer) && answer.length === 0),
      );
    }
    expect(await database.as(viewer, `select * from get_agent_daily_usage()`)).toHaveLength(1);
    await database.as(
      owner,
      `select complete_setup('HQ', '', '', '', '', '', '[{"name": "Sales"}]', '[]', '[]')`,
    );
  });

  test('tables without a tenant are closed to the anonymous and to strangers (F14)', async () => {
    for (const table of ['_schema_version', '_yourhq_migrations', 'collection_records']) {
      expect(
        await database.query(
          `select p from unnest(array['select', 'insert', 'update', 'delete']) p where has_table_privilege('anon', $1, p)`,
          [table],
        ),
        table,
      ).toEqual([]);
    }
    for (const who of [stranger, viewer]) {
      expect(await database.as(who, `update collection_records set data = '{}' returning 1`)).toEqual([]);
    }
    expect(await database.as(stranger, `select 1 from collection_records`)).toEqual([]);
    expect(await database.as(viewer, `select 1 from collection_records`)).toHaveLength(1);
  });
});

describe('adopting', () => {
  test.each(['fresh', 'upgraded'] as const)(
    'makes nobody of accounts that are deleted, banned or anonymous, when it was %s (F13)',
    async (shape) => {
      const database = await openAdoptedHq(shape);
      try {
        expect(
          await database.query(
            `select u.email, m.role from tenant_members m join auth.users u on u.id = m.user_id order by 1`,
          ),
        ).toEqual(
          ['owner@example.test', 'returned@example.test', 'second@example.test'].map((email) => ({
            email,
            role: 'admin',
          })),
        );
        expect(await verify(database.url)).toEqual([]);
      } finally {
        await database.drop();
      }
    },
  );

  onAdopted(
    'a release of the older HQ that comes later is closed by the next migration (F17)',
    async (database) => {
      await database.query(`
      create table public.campaigns (id uuid primary key default gen_random_uuid(), name text,
        tenant_id uuid not null default '00000000-0000-0000-0000-000000000000' references public.tenants (id));
      alter table public.campaigns enable row level security;
      create policy theirs on public.campaigns for all to authenticated using (tenant_id = public.current_tenant_id());
      insert into public.campaigns (name) values ('Spring');
      create function public.wipe() returns void language sql security definer as 'delete from public.campaigns';
      create function public.list() returns setof public.campaigns language sql security definer as 'select * from public.campaigns';
      create table public._later (id int);
      grant all on all tables in schema public to anon, authenticated;
      grant execute on all functions in schema public to anon, authenticated;
      create or replace function public.lease_command(p_lease_seconds integer default 300, p_gateway_slug text default null)
      returns setof public.agent_commands language sql as $f$
        update public.agent_commands set status = 'leased' where status = 'pending' returning * $f$`);
      expect(await verify(database.url)).not.toEqual([]);
      await migrate(database.url);
      expect(await verify(database.url)).toEqual([]);
      const stranger = await database.addUser({ role: null });
      expect(await database.as(stranger, `select 1 from campaigns`)).toEqual([]);
      await expect(database.as(stranger, `select wipe()`)).rejects.toMatchObject({ code: '42501' });
      expect(await database.as(stranger, `select * from list()`)).toEqual([]);
      await expect(database.as(stranger, `select encrypted_value from secrets`)).rejects.toMatchObject({
        code: '42501',
      });
      await database.query(`delete from agent_commands`);
      await database.as(owner, `insert into agent_commands (action) values ('ping'), ('update_all')`);
      expect(await runOlderDaemon(database)).toEqual(['update_all']);
      await database.as(owner, `update tasks set status = 'done' where id = $1`, [task]);
    },
  );
});

describe('beside its daemon', () => {
  onAdopted('no action of ours is taken by it, and none of its by ours (F8)', async (database) => {
    await database.query(`delete from agent_commands`);
    for (const action of [
      'ping',
      'tail_logs',
      'stack_status',
      'pause_gateway',
      'resume_gateway',
      'update_all',
      'list_models',
    ]) {
      await database.as(owner, `insert into agent_commands (gateway_id, action) values ($1, $2)`, [
        gateway,
        action,
      ]);
    }
    await enqueue(database, owner, 'auth_set_api_key', {
      gateway: 'default',
      payload: { provider: 'openai', secret: 'OPENAI_API_KEY' },
    });
    expect(await runOlderDaemon(database)).toEqual(['list_models', 'update_all']);
    await database.as(owner, `insert into agent_commands (gateway_id, action) values ($1, 'update_all')`, [
      gateway,
    ]);
    const { claimed } = await exchange(database, { gateway, claim: 20 });
    expect(claimed.map(({ action }) => action).sort()).toEqual(
      ['auth_set_api_key', 'pause_gateway', 'ping', 'resume_gateway', 'stack_status', 'tail_logs'].sort(),
    );
  });

  onAdopted('what both know is its own until a runner of ours is there (F8)', async (database) => {
    await database.query(`delete from agent_commands`);
    const ask = () =>
      database.as(owner, `insert into agent_commands (gateway_id, action) values ($1, 'restart_gateway')`, [
        gateway,
      ]);
    await ask();
    expect(await runOlderDaemon(database)).toEqual(['restart_gateway']);
    await exchange(database, { gateway, beat: { version: '1' } });
    await ask();
    expect(await runOlderDaemon(database)).toEqual([]);
    expect((await exchange(database, { gateway, claim: 1 })).claimed).toMatchObject([
      { action: 'restart_gateway' },
    ]);
  });

  onAdopted(
    'it gets nothing of a paused gateway, and nothing of another tenant’s without a gateway (F8)',
    async (database) => {
      await database.query(`delete from agent_commands`);
      await database
        .query(
          `insert into agent_commands (tenant_id, action, gateway_id) values ('11111111-1111-4111-8111-111111111111', 'update_all', null)`,
        )
        .catch(() => undefined);
      await database.query(`insert into agent_commands (gateway_id, action) values ($1, 'update_all')`, [
        gateway,
      ]);
      await database.query(`update gateways set status = 'paused' where id = $1`, [gateway]);
      expect(await runOlderDaemon(database)).toEqual([]);
    },
  );

  onAdopted('a command of no gateway is run by the only one there is (F16)', async (database) => {
    const { claimed } = await exchange(database, { gateway, claim: 10, beat: {} });
    expect(claimed.map(({ action }) => action)).toContain('restart_dispatcher');
  });

  onAdopted('what nobody serves ends with a reason (F19)', async (database) => {
    const insert = async (action: string) => {
      const [row] = await database.behindTheGuard(
        `insert into agent_commands (gateway_id, action, created_at) values ($1, $2, now() - interval '2 hours') returning id`,
        [gateway, action],
      );
      return String(row?.id);
    };
    const theirs = await insert('update_all');
    await exchange(database, { gateway, beat: {} });
    expect(await readCommand(database, theirs)).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('no daemon'),
    });
    await runOlderDaemon(database);
    const kept = await insert('update_gateway');
    await exchange(database, { gateway, beat: {} });
    expect(await readCommand(database, kept)).toMatchObject({ status: 'pending' });
  });

  onAdopted(
    'the first exchange ends what was left running, with one alert for all (F19)',
    async (database) => {
      await database.behindTheGuard(
        `insert into agent_commands (gateway_id, action, status, created_at, started_at, leased_until)
       select $1, 'update_all', 'running', now() - interval '9 days', now() - interval '9 days', now() - interval '9 days'
       from generate_series(1, 300)`,
        [gateway],
      );
      await exchange(database, { gateway, beat: {} });
      expect(
        await database.query(
          `select status, count(*)::int as n from agent_commands where action = 'update_all' group by 1`,
        ),
      ).toEqual([{ status: 'failed', n: 301 }]);
      expect(
        await database.query(`select type, title from notifications where type::text = 'command_failed'`),
      ).toEqual([{ type: 'command_failed', title: '301 commands of the older HQ never ended' }]);
      expect(
        await database.query(
          `select 1 from agent_commands where status = 'failed' and completed_at > now() - interval '1 day'`,
        ),
      ).toEqual([]);
    },
  );
});

describe('its lease_command, whatever it returns', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openAdoptedHq();
    await database.query(`delete from agent_commands`);
  });
  afterAll(() => database.drop());

  const row = `(select c from public.agent_commands c where c.status = 'pending' order by c.created_at limit 1)`;
  test.each([
    ['public.agent_commands', `select ($row).*`, '(lease_command(60, $1)).id'],
    ['jsonb', 'select to_jsonb($row)', `lease_command(60, $1) ->> 'id'`],
    ['json', 'select to_json($row)', `lease_command(60, $1) ->> 'id'`],
    ['uuid', 'select ($row).id', 'lease_command(60, $1)'],
    [
      'table (action public.command_action, id uuid)',
      'select ($row).action, ($row).id',
      '(lease_command(60, $1)).id',
    ],
  ])('%s (F8)', async (result, body, id) => {
    await database.query(`drop function public.lease_command(integer, text)`);
    await database.query(`create function public.lease_command(p_lease_seconds integer default 300, p_gateway_slug text default null)
      returns ${result} language sql as $f$ ${body.replaceAll('$row', row)} $f$`);
    await migrate(database.url);
    await database.query(`delete from agent_commands`);
    for (const action of ['ping', 'update_all']) {
      await database.query(`insert into agent_commands (gateway_id, action) values ($1, $2)`, [
        gateway,
        action,
      ]);
    }
    const [leased] = await database.as<{ id: string }>(service, `select ${id} as id`, ['default']);
    expect(
      await database.query(`select action from agent_commands where id = $1 and status = 'leased'`, [
        leased?.id,
      ]),
    ).toEqual([{ action: 'update_all' }]);
    expect((await database.as(service, `select ${id} as id`, ['default']))[0]?.id ?? null).toBeNull();
    expect(await verify(database.url)).toEqual([]);
  });
});

describe('budgets', () => {
  onAdopted('a raised or removed limit lets the agent run again (F10)', async (database) => {
    const status = async () =>
      (await database.query(`select status from agent_budgets where agent_id = $1`, [scout]))[0]?.status;
    const spend = () =>
      database.as(
        service,
        `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd) values ($1, gen_random_uuid()::text, 'p', 'm', 30)`,
        [scout],
      );
    await enqueue(database, owner, 'set_budget', { agent: 'scout', payload: { limit_usd: '25' } });
    await spend();
    expect(await status()).toBe('exceeded');
    const raised = await enqueue(database, owner, 'top_up_budget', {
      agent: 'scout',
      payload: { amount_usd: 100 },
    });
    expect(raised.command?.result).toMatchObject({ status: 'ok', limit_usd: 125, spent_usd: 31.5 });
    expect(await status()).toBe('ok');
    await database.as(owner, `update agent_budgets set monthly_limit_usd = 33 where agent_id = $1`, [scout]);
    expect(await status()).toBe('warned');
    await enqueue(database, owner, 'set_budget', { agent: 'scout', payload: { limit_usd: 'none' } });
    expect(await status()).toBe('unmetered');
  });
});

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
