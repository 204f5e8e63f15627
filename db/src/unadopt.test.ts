import { afterEach, describe, expect, test, vi } from 'vitest';
import { readCatalogue } from '../testing/catalogue.ts';
import { cloneDatabase, service, type TestDatabase } from '../testing/database.ts';
import { type OlderShape, older, openOlderHq, owner } from '../testing/older-hq.ts';
import { migrate } from './migrate.ts';
import { unadopt } from './unadopt.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
afterEach(() => database.drop());

/** Tables and rows of an older HQ, as text. */
async function readRows(): Promise<Record<string, unknown[]>> {
  const tables = await database.query<{ name: string; columns: string }>(
    `select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' group by 1 order by 1`,
  );
  const rows: Record<string, unknown[]> = {};
  for (const { name, columns } of tables)
    rows[name] = await database.query(`select ${columns} from public.${name} t order by t::text`);
  return rows;
}

const lose = ['tenant_members'];

describe.each<OlderShape>(['fresh', 'upgraded'])('an older HQ (%s) that was adopted', (shape) => {
  test('is as it was after unadopt: catalogue and rows, except words that enums have got', async () => {
    database = await openOlderHq(shape);
    const before = await readCatalogue(database);
    const rows = await readRows();
    await migrate(database.url);
    expect(await readCatalogue(database)).not.toEqual(before);
    const differing = await unadopt(database.url, { lose });
    expect(differing).toEqual([
      'public.audit_action',
      'public.command_action',
      'public.gateway_status',
      'public.inbox_event_type',
      'public.notification_type',
      'public.secret_state',
    ]);
    const { words, ...after } = await readCatalogue(database);
    const { words: wordsBefore, ...rest } = before;
    expect(after).toEqual(rest);
    expect(words).toEqual(expect.arrayContaining(wordsBefore ?? []));
    expect(await readRows()).toEqual(rows);
  });
});

describe('unadopt', () => {
  test('names the rows that it would lose, and changes nothing until told so', async () => {
    database = await openOlderHq();
    await migrate(database.url);
    await database.query(
      `insert into alert_mutes (type, subject, until) values ('task_blocked', 'x', now())`,
    );
    const adopted = await readCatalogue(database);
    for (const options of [{}, { lose }, { lose: ['alert_mutes'] }]) {
      await expect(unadopt(database.url, options)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/would lose 1 row of alert_mutes, 3 rows of tenant_members/),
        hint: expect.stringContaining('--lose alert_mutes,tenant_members'),
      });
    }
    await expect(unadopt(database.url, { lose: ['tasks', 'alert_mute'] })).rejects.toMatchObject({
      code: 'usage',
      message: '--lose names what is no table of HQ here: tasks, alert_mute',
      hint: expect.stringContaining('alert_mutes'),
    });
    expect(await readCatalogue(database)).toEqual(adopted);
    await unadopt(database.url, { lose: ['alert_mutes', 'tenant_members'] });
    expect(
      await database.query(`select to_regclass('public.alert_mutes') as mutes, to_regnamespace('hq') as hq`),
    ).toEqual([{ mutes: null, hq: null }]);
  });

  test('leaves what the older HQ and others have made since, and the rows written meanwhile', async () => {
    database = await openOlderHq();
    await migrate(database.url);
    await database.query(`create table public.invoices (id int primary key, tenant_id uuid);
      alter table public.tasks add column effort int;
      create function public.total() returns int language sql as 'select 1';
      create policy theirs on public.invoices using (true);
      create or replace function public.rename_contact(p_id uuid, p_name text) returns void language sql as 'select null::void';
      insert into public.tasks (title, effort) values ('meanwhile', 3)`);
    await migrate(database.url);
    expect(await unadopt(database.url, { lose })).toEqual(
      expect.arrayContaining(['public.tasks', 'public.rename_contact(uuid,text)']),
    );
    expect(await database.query(`select prosrc from pg_proc where proname = 'rename_contact'`)).toEqual([
      { prosrc: 'select null::void' },
    ]);
    expect(await database.query(`select title, effort from tasks where effort is not null`)).toEqual([
      { title: 'meanwhile', effort: 3 },
    ]);
    expect(
      await database.query(`select to_regclass('public.invoices') is not null as invoices, total(),
        (select array_agg(polname::text) from pg_policy where polrelid = 'invoices'::regclass) as policies`),
    ).toEqual([{ invoices: true, total: 1, policies: ['theirs'] }]);
  });

  test('stops and changes nothing where somebody else’s object uses one of HQ, and names it', async () => {
    database = await openOlderHq();
    await migrate(database.url);
    const adopted = await readCatalogue(database);
    await database.query('create view public.my_role as select public.member_role_of_caller() as role');
    await expect(unadopt(database.url, { lose })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/my_role/),
    });
    await database.query('drop view public.my_role');
    expect(await readCatalogue(database)).toEqual(adopted);
    await database.query(`create table public.notes (id int, tenant uuid default hq.nil_tenant())`);
    await expect(unadopt(database.url, { lose })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/notes/),
    });
  });

  test('is followed by another adoption, which comes to the same', async () => {
    database = await openOlderHq();
    await migrate(database.url);
    const adopted = await readCatalogue(database);
    await unadopt(database.url, { lose });
    await migrate(database.url);
    expect(await readCatalogue(database)).toEqual(adopted);
  });

  test('lets the older HQ work again', async () => {
    database = await openOlderHq();
    await migrate(database.url);
    await unadopt(database.url, { lose });
    await database.as(owner, `insert into tasks (title, assignee_agent_id) values ('x', $1)`, [older.scout]);
    await database.as(service, `insert into agent_commands (action, gateway_id) values ('auth_list', $1)`, [
      older.gateway,
    ]);
    const [leased] = await database.as(service, `select id, action from lease_command(300, 'default')`);
    expect(leased).toMatchObject({ action: 'restart_dispatcher' });
  });

  test('takes HQ out of a project that had no older HQ, and says what goes with it', async () => {
    database = await cloneDatabase('fresh');
    const before = await readCatalogue(database);
    await migrate(database.url);
    await expect(unadopt(database.url)).rejects.toMatchObject({
      hint: expect.stringContaining('--lose gateways,tenants'),
    });
    await unadopt(database.url, { lose: ['gateways', 'tenants'] });
    expect(await readCatalogue(database)).toEqual(before);
  });

  test('refuses a database that another release migrated', async () => {
    database = await openOlderHq();
    await migrate(database.url);
    await database.query(`update hq.repeatable_files set checksum = 'other' where name = 'queue/functions'`);
    await expect(unadopt(database.url, { lose })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('another release'),
    });
  });

  test('refuses a database that an hq-db migrated which did not record how it was', async () => {
    database = await cloneDatabase();
    await database.query('drop table hq.before_hq');
    await expect(unadopt(database.url)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('did not record'),
    });
  });
});
