import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anon, cloneDatabase, type TestDatabase } from '../testing/database.ts';
import { migrate, migrationState } from './migrate.ts';
import { schemaDirectory } from './schema-files.ts';
import { verify } from './verify.ts';

let database: TestDatabase;
let directory: string;
beforeEach(async () => {
  database = await cloneDatabase();
  directory = await mkdtemp(join(tmpdir(), 'hq-schema-'));
  for (const folder of ['schema', 'migrations', 'takeover']) {
    await cp(join(schemaDirectory, folder), join(directory, folder), { recursive: true });
  }
});
afterEach(async () => {
  await rm(directory, { recursive: true });
  await database.drop();
});

const usage = () => join(directory, 'schema/usage/functions.sql');
const addToUsage = (sql: string) => appendFile(usage(), `\n${sql}\n`);
async function replaceInUsage(from: string, to: string): Promise<void> {
  const text = await readFile(usage(), 'utf8');
  expect(text).toContain(from);
  await writeFile(usage(), text.replaceAll(from, to));
}
const apply = () => migrate(database.url, { directory });
const one = async (sql: string) => Object.values((await database.query(sql))[0] ?? {})[0];
const exists = (signature: string) => one(`select to_regprocedure('${signature}') is not null as there`);

const twice = `create or replace function hq.twice(p_number int) returns int language sql immutable
set search_path = '' as $$ select p_number * 2 $$;`;

describe('functions', () => {
  test('a file that changed is outdated until it is applied again, once', async () => {
    await addToUsage(twice);
    expect((await migrationState(database.url, directory)).outdated).toEqual(['usage/functions']);
    expect(await migrate(database.url, { directory, dryRun: true })).toEqual(['usage/functions']);
    expect(await exists('hq.twice(int)')).toBe(false);
    expect(await apply()).toEqual(['usage/functions']);
    expect(await one('select hq.twice(4)')).toBe(8);
    expect(await apply()).toEqual([]);
    expect(await verify(database.url)).toEqual(['usage/functions has changed since it was applied']);
  });

  test('what no file defines any more is dropped, a function and its trigger', async () => {
    await addToUsage(`create or replace function hq.add_nothing() returns trigger language plpgsql as $$ begin return new; end $$;
create or replace trigger hq_add_nothing before insert on public.agent_usage for each row execute function hq.add_nothing();`);
    await apply();
    const triggers = `select count(*)::int from pg_trigger where tgname = 'hq_add_nothing'`;
    expect(await one(triggers)).toBe(1);
    await migrate(database.url);
    expect(await one(triggers)).toBe(0);
    expect(await exists('hq.add_nothing()')).toBe(false);
  });

  test('with other argument types, another result or other argument names replaces the one before it', async () => {
    await addToUsage(twice);
    await apply();
    await replaceInUsage('p_number int) returns int', 'p_number bigint) returns bigint');
    await apply();
    expect(await exists('hq.twice(int)')).toBe(false);
    await replaceInUsage('p_number bigint) returns bigint', 'p_number bigint) returns text');
    await replaceInUsage('select p_number * 2', `select (p_number * 2)::text`);
    await apply();
    expect(await one('select hq.twice(4)')).toBe('8');
    await replaceInUsage('p_number', 'p_value');
    await apply();
    expect(await one('select hq.twice(p_value => 5)')).toBe('10');
  });

  test('that policies call can change their result', async () => {
    for (const name of ['tenancy/functions.sql', 'legacy/rights.sql']) {
      const file = join(directory, 'schema', name);
      const text = await readFile(file, 'utf8');
      await writeFile(
        file,
        text
          .replace(
            'member_role_of_caller() returns public.member_role',
            'member_role_of_caller() returns text',
          )
          .replaceAll(
            '(select public.member_role_of_caller()) >=',
            '(select public.member_role_of_caller())::public.member_role >=',
          ),
      );
    }
    const result = () => one(`select pg_get_function_result('member_role_of_caller()'::regprocedure)`);
    expect(await apply()).toEqual(['tenancy/functions', 'legacy/rights']);
    expect(await result()).toBe('text');
    await migrate(database.url);
    expect(await result()).toBe('member_role');
    expect(await verify(database.url)).toEqual([]);
  });

  test('that hq-db did not create are never dropped or replaced', async () => {
    await database.query(`create function hq.theirs() returns int language sql as 'select 1';
      create function public.theirs(p int) returns int language sql as 'select 1';
      create function hq.twice(p_number int) returns text language sql as 'select ''theirs''';`);
    await addToUsage('-- changed');
    await apply();
    expect(await exists('hq.theirs()')).toBe(true);
    expect(await exists('public.theirs(int)')).toBe(true);
    await addToUsage(twice);
    await expect(apply()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/usage\/functions.*cannot change return type/),
    });
    expect(await one('select hq.twice(1)')).toBe('theirs');
  });

  test('that something of somebody else’s depends on are not dropped, and the error names it', async () => {
    await addToUsage(twice);
    await apply();
    await database.query('create view public.doubled as select hq.twice(2) as four');
    await expect(migrate(database.url)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/hq\.twice.*view doubled/s),
    });
    expect(await one('select hq.twice(4)')).toBe(8);
  });

  test('that fail roll back everything and name the file and the statement', async () => {
    await addToUsage(`${twice}\n\nselect hq.no_such_function();`);
    await writeFile(join(directory, 'schema/legacy/rights.sql'), 'select 1;');
    await expect(apply()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(
        /^usage\/functions, line \d+ \(select hq\.no_such_function\(\);\) failed/,
      ),
    });
    expect(await exists('hq.twice(int)')).toBe(false);
    expect((await migrationState(database.url, directory)).outdated).toEqual([
      'usage/functions',
      'legacy/rights',
    ]);
  });
});

test('clients that write all the time wait for a migration: it succeeds, and none of them fails', async () => {
  await addToUsage(twice);
  let isOver = false;
  const failures: unknown[] = [];
  const tables = ['agents', 'tasks', 'agent_commands', 'notifications', 'audit_log', 'gateways'];
  const clients = tables.map(async (_table, first) => {
    const order = [0, 1, 2].map((step) => tables[(first + step * (1 + (first % 5))) % tables.length]);
    while (!isOver) {
      const reads = order.map((table) => `select count(*) from ${table}`).join('; ');
      await database
        .query(`begin; ${reads}; update tasks set title = title; commit`)
        .catch((error) => failures.push(error));
    }
  });
  try {
    expect(await apply()).toEqual(['usage/functions']);
  } finally {
    isOver = true;
    await Promise.all(clients);
  }
  expect(failures).toEqual([]);
}, 90_000);

describe('a file at fault', () => {
  const fault = (sql: string) => appendFile(join(directory, 'schema/secrets/functions.sql'), `\n${sql}`);
  const named = (reason: RegExp) => ({ code: 'failed', message: expect.stringMatching(reason) });

  test.each([
    [
      'a division by zero without a semicolon',
      'select 1/0',
      /^secrets\/functions, line \d+ \(select 1\/0\) failed/,
    ],
    [
      'a body that does not end',
      'create function hq.open() returns int language sql as $$ select 1;',
      /^secrets\/functions, line \d+ \(create function hq\.open/,
    ],
  ])(
    '%s is named with its line, after a function that had to be dropped first',
    async (_name, sql, reason) => {
      await addToUsage(twice);
      await apply();
      await replaceInUsage('p_number int) returns int', 'p_number int) returns bigint');
      await fault(sql);
      await expect(apply()).rejects.toMatchObject(named(reason));
      expect(await one(`select pg_get_function_result('hq.twice(int)'::regprocedure)`)).toBe('integer');
    },
  );

  test('that ends the transaction is refused before anything is kept', async () => {
    await addToUsage(twice);
    await fault('commit;');
    await expect(apply()).rejects.toMatchObject(
      named(/^secrets\/functions, line \d+ \(commit;\).*must not begin or end a transaction/),
    );
    expect(await exists('hq.twice(int)')).toBe(false);
  });
});

describe('rights', () => {
  test('of a database that was migrated before checksums of objects were kept are verified and put right', async () => {
    await database.query('drop table hq.object_checksums; alter table tasks disable row level security');
    expect(await verify(database.url)).toEqual(['row level security is off: tasks']);
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
  });

  test('a table that appears later is guarded by the next migrate', async () => {
    await database.query(`create table public.plans (id int primary key, tenant_id uuid not null references tenants (id), name text);
      create table public.ledger (id int primary key)`);
    const stranger = await database.addUser({ role: null });
    const viewer = await database.addUser({ role: 'viewer' });
    const operator = await database.addUser({ role: 'operator' });
    await database.query(`create policy theirs on plans using (true) with check (true)`);
    const add = `insert into plans (id, tenant_id) values (1, '00000000-0000-0000-0000-000000000000')`;
    expect((await verify(database.url)).filter((fault) => /plans|ledger/.test(fault))).not.toEqual([]);
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
    await expect(database.as(stranger, add)).rejects.toMatchObject({ code: '42501' });
    await expect(database.as(viewer, add)).rejects.toMatchObject({ code: '42501' });
    await database.as(operator, add);
    expect(await database.as(viewer, 'select id from plans')).toEqual([{ id: 1 }]);
    expect(await database.as(stranger, 'select id from plans')).toEqual([]);
    await expect(
      database.as({ role: 'anon', claims: { role: 'anon' } }, 'select * from ledger'),
    ).rejects.toMatchObject({ code: '42501' });
  });

  test('a table of a migration is closed at once, even when the rights after it fail', async () => {
    await writeFile(join(directory, 'migrations/9999_plans.sql'), 'create table public.plans (id int);');
    await writeFile(join(directory, 'schema/legacy/rights.sql'), 'select 1/0;');
    await expect(apply()).rejects.toMatchObject({ code: 'failed' });
    for (const caller of [anon, await database.addUser({ role: 'admin' })]) {
      await expect(database.as(caller, 'insert into plans values (1)')).rejects.toMatchObject({
        code: '42501',
      });
    }
  });

  test('a function that appears later is closed to those without an account', async () => {
    await database.query(`create function public.spill() returns int language sql as 'select 1'`);
    await database.query('create aggregate public.total(int) (sfunc = int4pl, stype = int)');
    expect(await verify(database.url)).toEqual([
      'open to the anonymous: spill()',
      'open to the anonymous: total(integer)',
    ]);
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
  });

  test('tables that somebody holds are waited for, whatever limits the role has for its requests', async () => {
    await addToUsage(twice);
    for (const limit of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) {
      await database.query(
        `do $$ begin execute format('alter role postgres in database %I set ${limit} = 300', current_database()); end $$`,
      );
    }
    const held = database.query(
      'begin; set local statement_timeout = 0; lock table agent_usage in access share mode; select pg_sleep(1); commit',
    );
    expect(await apply()).toEqual(['usage/functions']);
    await held;
  });
});
