import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../src/migrate.ts';
import { verify } from '../src/verify.ts';
import { anon, type Caller, service, type TestDatabase } from '../testing/database.ts';
import { runOlderDaemon } from '../testing/older-daemon.ts';
import { older, openAdoptedHq, owner } from '../testing/older-hq.ts';
import { onAdopted } from '../testing/on-adopted.ts';

const { task } = older;

describe('an adopted HQ', () => {
  let database: TestDatabase;
  let viewer: Caller;
  let stranger: Caller;
  beforeAll(async () => {
    database = await openAdoptedHq();
    viewer = await database.addUser({ role: 'viewer' });
    stranger = await database.addUser({ role: null });
  });
  afterAll(() => database.drop());

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

  onAdopted(
    'functions of every kind neither write for viewers nor read for strangers (F14)',
    async (database) => {
      await database.query(`
      create function public.find_items(p_text text) returns setof public.knowledge_items language plpgsql security definer as $f$
      begin -- An update of the index comes later.
        perform set_config('work_mem', '8MB', true);
        return query execute format('select * from public.knowledge_items where title ilike %L', p_text);
      end $f$;
      create function public.forget_chunks() returns void language sql security definer as 'truncate public.knowledge_chunks';
      create materialized view public.sizes as select count(*) from public.tasks;
      create function public.refresh_sizes() returns void language sql security definer as 'refresh materialized view public.sizes'`);
      await migrate(database.url);
      expect(await verify(database.url)).toEqual([]);
      const viewer = await database.addUser({ role: 'viewer' });
      const stranger = await database.addUser({ role: null });
      expect(await database.as(stranger, `select 1 from find_items('%')`)).toEqual([]);
      expect(await database.as(viewer, `select 1 from find_items('Pri%')`)).toHaveLength(1);
      for (const who of [viewer, stranger]) {
        await expect(database.as(who, `select forget_chunks()`)).rejects.toMatchObject({ code: '42501' });
      }
      await database.as(owner, `select forget_chunks(), refresh_sizes()`);
      expect(await database.query(`select 1 from knowledge_chunks`)).toEqual([]);
    },
  );

  onAdopted(
    'tables without policies stay open to members, and materialized views to the service role (F14)',
    async (database) => {
      await database.query(`
      create table public.receipts (id int, at timestamptz default now());
      create table public.drafts (id int, tenant_id uuid not null default '00000000-0000-0000-0000-000000000000');
      insert into public.drafts values (2, '11111111-1111-4111-8111-111111111111');
      create materialized view public.all_tasks as select * from public.tasks`);
      await migrate(database.url);
      expect(await verify(database.url)).toEqual([]);
      const viewer = await database.addUser({ role: 'viewer' });
      const stranger = await database.addUser({ role: null });
      await database.as(owner, `insert into receipts values (1); insert into drafts values (1)`);
      for (const [who, count] of [
        [owner, 1],
        [viewer, 1],
        [stranger, 0],
      ] as const) {
        for (const table of ['receipts', 'drafts']) {
          expect(await database.as(who, `select 1 from ${table}`), table).toHaveLength(count);
        }
      }
      for (const who of [viewer, stranger, anon]) {
        const write = database.as(who, `insert into receipts values (3)`);
        await expect(write).rejects.toMatchObject({ code: '42501' });
      }
      expect(await database.as(viewer, `update receipts set id = 4 returning 1`)).toEqual([]);
      expect(await database.as(owner, `update receipts set id = 4 returning 1`)).toHaveLength(1);
      expect(await database.as(owner, `select 1 from _schema_version`)).toHaveLength(2);
      expect(await database.as(owner, `delete from _schema_version returning 1`)).toEqual([]);
      await expect(database.as(stranger, `select 1 from all_tasks`)).rejects.toMatchObject({ code: '42501' });
    },
  );

  onAdopted(
    'a release that gives secrets a full replica identity again is mended (F17)',
    async (database) => {
      await database.query(`alter table secrets replica identity full;
      alter table notifications add column snoozed_until timestamptz`);
      expect(await verify(database.url)).toEqual([expect.stringMatching(/replica identity.*secrets/)]);
      await migrate(database.url);
      expect(await verify(database.url)).toEqual([]);
      await database.as(service, `update secrets set sync_status = 'active'`);
      await database.as(owner, `update notifications set snoozed_until = now()`);
    },
  );
});
