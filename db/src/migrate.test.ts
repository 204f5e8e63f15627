import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runStatements } from '../../local/testing/scratch-postgres.ts';
import { cloneDatabase, type TestDatabase } from '../testing/database.ts';
import { withConnection } from './connection.ts';
import { migrate, migrationState } from './migrate.ts';
import { schemaDirectory } from './schema-files.ts';
import { readSchemaText } from './schema-text.ts';
import { verify } from './verify.ts';

describe('on a fresh project', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await cloneDatabase('fresh');
  });
  afterAll(() => database.drop());

  test('a dry run names every file and changes nothing', async () => {
    const names = await migrate(database.url, { dryRun: true });
    expect(names[0]).toBe('foundation/tables');
    expect(await database.query(`select to_regnamespace('hq') as hq`)).toEqual([{ hq: null }]);
  });

  test('applies as an owner who is no superuser, and the second time nothing', async () => {
    const steps: string[] = [];
    const first = await migrate(database.url, { onStep: (step) => steps.push(step) });
    const rows = ['catalogue of actions', 'chat platforms'];
    expect(steps.filter((step) => !rows.includes(step))).toEqual(first);
    expect(steps.filter((step) => rows.includes(step))).toEqual(rows);
    steps.length = 0;
    expect(await migrate(database.url, { onStep: (step) => steps.push(step) })).toEqual([]);
    expect(steps).toEqual([]);
    expect(await migrationState(database.url)).toMatchObject({
      pending: [],
      outdated: [],
      changed: [],
      unknown: [],
      policy: [],
    });
    expect(await verify(database.url)).toEqual([]);
  });
});

describe('a migration of a fresh project that stops', () => {
  test('leaves no table open to anybody', async () => {
    const database = await cloneDatabase('fresh');
    const directory = await mkdtemp(join(tmpdir(), 'hq-migrations-'));
    try {
      await copySchema(directory);
      await writeFile(join(directory, 'schema/usage/tables.sql'), 'select 1/0;');
      await expect(migrate(database.url, { directory })).rejects.toMatchObject({ code: 'failed' });
      expect(
        await database.query(`select c.oid::regclass::text as name from pg_class c
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and (not c.relrowsecurity
            or has_any_column_privilege('anon', c.oid, 'select, insert, update')
            or has_any_column_privilege('authenticated', c.oid, 'select, insert, update'))`),
      ).toEqual([]);
    } finally {
      await rm(directory, { recursive: true });
      await database.drop();
    }
  });
});

describe('two migrators at once', () => {
  test('apply everything once', async () => {
    const database = await cloneDatabase('fresh');
    try {
      const applied = await Promise.all([
        migrate(database.url),
        migrate(database.url),
        migrate(database.url),
      ]);
      const once = (await database.query('select name from hq.migrations')).map(({ name }) => name);
      expect(applied.flat().filter((name) => once.includes(name))).toHaveLength(once.length);
      expect(await verify(database.url)).toEqual([]);
    } finally {
      await database.drop();
    }
  });
});

/** Copies the SQL of this release, for a test to change. */
async function copySchema(directory: string): Promise<void> {
  for (const folder of ['schema', 'migrations', 'takeover']) {
    await cp(join(schemaDirectory, folder), join(directory, folder), { recursive: true });
  }
}

describe('a database that differs from the files', () => {
  let database: TestDatabase;
  let directory: string;
  beforeAll(async () => {
    database = await cloneDatabase();
    directory = await mkdtemp(join(tmpdir(), 'hq-migrations-'));
    await copySchema(directory);
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
    await database.drop();
  });

  test('tables that were edited after they were applied stop everything', async () => {
    await writeFile(join(directory, 'schema/tenancy/tables.sql'), 'select 1;');
    await expect(migrate(database.url, { directory })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('tenancy/tables'),
    });
    await copySchema(directory);
  });

  test('a migration that fails is rolled back whole and named', async () => {
    const file = join(directory, 'migrations/9998_broken.sql');
    await writeFile(file, 'create table public.half (id int);\n\nselect 1/0;');
    await expect(migrate(database.url, { directory })).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/9998_broken, line 3 \(select 1\/0;\).*division by zero/),
    });
    expect(await database.query(`select to_regclass('public.half') as half`)).toEqual([{ half: null }]);
    expect((await migrationState(database.url, directory)).pending).toEqual(['9998_broken']);
    await rm(file);
  });

  test('a database that is newer than the program is left alone', async () => {
    await writeFile(join(directory, 'migrations/9999_newer.sql'), 'select 1;');
    await migrate(database.url, { directory });
    await expect(migrate(database.url)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/newer.*9999_newer/),
    });
    expect(await verify(database.url)).toEqual(['9999_newer was applied by a newer hq-db']);
    await database.query(`delete from hq.migrations where name = '9999_newer'`);
  });

  test('functions of a newer release are not replaced by those of an older hq-db', async () => {
    await database.query(
      `update hq.repeatable_files set release = '99.0.0', checksum = 'newer' where name = 'queue/functions'`,
    );
    const newer = 'functions and rights were applied by hq-db 99.0.0';
    for (const dryRun of [true, false]) {
      await expect(migrate(database.url, { dryRun })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('99.0.0'),
        hint: expect.stringContaining('hq-db of that release'),
      });
    }
    expect(await verify(database.url)).toContain(newer);
    await database.query(`update hq.repeatable_files set release = '0.0.9'`);
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
  });

  test('policy rows that were changed by hand are reported and put right', async () => {
    await database.query(`update hq.actions set role = 'viewer' where name = 'restart_gateway'`);
    await database.query(`delete from hq.actions where name = 'ping'`);
    await database.query(`insert into hq.actions select 'fly', title, target, role, lane, retry, max_attempts, timeout_seconds,
      while_paused, payload_schema, served from hq.actions where name = 'stack_status'`);
    expect(await verify(database.url)).toEqual([
      'the action fly is extra in the database',
      'the action ping is missing in the database',
      'the action restart_gateway is different in the database',
    ]);
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
  });

  test('every rule of verify that was broken by hand is reported, and mended by the next migrate', async () => {
    await database.query(`
      alter table tasks disable row level security;
      alter table agent_commands disable trigger hq_guard_command;
      drop policy hq_delete_only on agents;
      create view everything as select * from agent_commands;
      grant update on audit_log to authenticated;
      grant execute on function whoami() to anon;
      create function consume_gateway_token(p_token text) returns text language sql security definer as 'select current_user::text';
      drop function hq.do_mute_alert(agent_commands);
      alter table secrets disable trigger hq_audit_secrets_made;
      grant select on secrets to authenticated;
      alter publication supabase_realtime drop table agent_commands, secrets;
      alter publication supabase_realtime add table secrets;
    `);
    expect(await verify(database.url)).toEqual([
      'row level security is off: tasks',
      'the trigger is missing or off: hq_audit_secrets_made on secrets',
      'the trigger is missing or off: hq_guard_command on agent_commands',
      'the ciphertext of secrets is open: to authenticated',
      'the ciphertext of secrets is open: to the subscribers of supabase_realtime',
      'the function that executes the action is missing: mute_alert',
      'the restrictive policy is missing: hq_delete_only on agents',
      'the view reads past the policies (set security_invoker): everything',
      'members may change the record: update of audit_log by authenticated',
      'open to the anonymous: consume_gateway_token(text)',
      'open to the anonymous: everything',
      'open to the anonymous: whoami()',
      'changed since hq-db migrate: function public.whoami()',
      'changed since hq-db migrate: rights table public.audit_log',
      'changed since hq-db migrate: rights table public.secrets',
      'changed since hq-db migrate: trigger hq_audit_secrets_made on public.secrets',
      'changed since hq-db migrate: trigger hq_guard_command on public.agent_commands',
      'dropped since hq-db migrate: function hq.do_mute_alert(public.agent_commands)',
      'dropped since hq-db migrate: policy hq_delete_only on public.agents',
      'dropped since hq-db migrate: published table public.agent_commands',
    ]);
    expect(await migrate(database.url, { dryRun: true })).toEqual(await verify(database.url));
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
    expect(await migrate(database.url)).toEqual([]);
  });
});

describe('an object of HQ that was changed by hand', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await cloneDatabase();
  });
  afterAll(() => database.drop());

  test.each([
    [
      'changed since hq-db migrate: function hq.guard_command()',
      `create or replace function hq.guard_command() returns trigger language plpgsql as $$ begin return new; end $$`,
    ],
    ['dropped since hq-db migrate: function public.chat_check()', 'drop function public.chat_check()'],
    [
      'changed since hq-db migrate: function public.set_gateway_paused(uuid, boolean)',
      'grant execute on function public.set_gateway_paused(uuid, boolean) to authenticated',
    ],
    [
      'dropped since hq-db migrate: trigger hq_require_one_admin on public.tenant_members',
      'drop trigger hq_require_one_admin on tenant_members',
    ],
    [
      'changed since hq-db migrate: policy hq_select_only on public.tasks',
      'alter policy hq_select_only on tasks using (true)',
    ],
    [
      'changed since hq-db migrate: rights table public.agents',
      'grant update (gateway_id) on agents to authenticated',
    ],
    [
      'changed since hq-db migrate: rights table public.chat_bots',
      'grant insert on chat_bots to authenticated',
    ],
    ['changed since hq-db migrate: rights schema hq', 'grant usage on schema hq to anon'],
    [
      'dropped since hq-db migrate: published table public.notifications',
      'alter publication supabase_realtime drop table notifications',
    ],
  ])('is listed (%s) and put back', async (fault, sql) => {
    const shown = () => withConnection(database.url, readSchemaText);
    const before = await shown();
    await database.query(sql);
    expect(await verify(database.url)).toEqual([fault]);
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
    expect(await shown()).toBe(before);
  });
});

test('a table that somebody publishes as well is no fault', async () => {
  const database = await cloneDatabase();
  await database.query('alter publication supabase_realtime add table comments');
  expect(await verify(database.url)).toEqual([]);
  await database.drop();
});

test('a table and a function of HQ that belong to another role are listed: hq-db cannot guard them', async () => {
  const database = await cloneDatabase();
  await database.behindTheGuard('alter table comments owner to supabase_admin');
  await database.behindTheGuard('alter function hq.guard_command() owner to supabase_admin');
  expect(await verify(database.url)).toEqual([
    'belongs to another role: function hq.guard_command() to supabase_admin',
    'belongs to another role: table comments to supabase_admin',
  ]);
  await expect(migrate(database.url)).rejects.toMatchObject({
    message: expect.stringMatching(/must be owner of/),
  });
  await database.drop();
});

test('the text of a schema is the same whatever the collation of the database', async () => {
  const database = await cloneDatabase();
  const name = `hq_icu_${randomBytes(4).toString('hex')}`;
  const url = database.url.replace(/[^/]+$/, name);
  try {
    await runStatements(
      database.superuserUrl,
      `create database ${name} owner postgres template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US-u-ka-shifted' locale 'C.UTF-8'`,
    );
    const bootstrap = await readFile(join(schemaDirectory, 'bootstrap/supabase.sql'), 'utf8');
    await runStatements(database.superuserUrl.replace(/[^/]+$/, name), bootstrap);
    await migrate(url);
    // Collations differ in how they sort an underscore.
    const names = `create table public.names (a int constraint ab check (a > 0) constraint a_c check (a > 1));
      create index ob on names (a); create index o_c on names (a); create type public.tb as enum (); create type public.t_c as enum ();
      create function public.fb() returns int language sql as 'select 1'; create function public.f_c() returns int language sql as 'select 1'`;
    for (const each of [url, database.url]) await runStatements(each, names);
    expect(await withConnection(url, readSchemaText)).toBe(
      await withConnection(database.url, readSchemaText),
    );
  } finally {
    await runStatements(database.superuserUrl, `drop database if exists ${name} with (force)`);
    await database.drop();
  }
});

describe('the address', () => {
  test.each(['', 'mysql://x', 'postgres'])('%j is no database URL', async (url) => {
    await expect(migrate(url)).rejects.toMatchObject({ code: 'usage' });
  });

  test('a database that cannot be reached is named without its password', async () => {
    const error = await migrate('postgres://user:hunter2@127.0.0.1:1/hq').catch((e) => e);
    expect(error).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('postgres://user@127.0.0.1:1/hq'),
    });
    expect(JSON.stringify({ ...error, message: error.message, cause: error.cause })).not.toContain('hunter2');
  });

  test('a role without the rights is refused, and told which one has them', async () => {
    const database = await cloneDatabase();
    const role = `reader_${process.pid}`;
    const superuser = new pg.Client({ connectionString: database.superuserUrl });
    try {
      await superuser.connect();
      await superuser.query(`create role ${role} login password 'scratch'`);
      const url = database.url.replace('//postgres:', `//${role}:`);
      for (const command of [migrate, migrationState, verify]) {
        await expect(command(url)).rejects.toMatchObject({
          code: 'refused',
          message: expect.stringContaining('permission denied'),
          hint: expect.stringContaining('the role that owns the tables'),
        });
      }
      await superuser.query(`drop role ${role}`);
    } finally {
      await superuser.end();
      await database.drop();
    }
  });
});
