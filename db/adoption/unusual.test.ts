import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkAdoption } from '../src/adopt-check.ts';
import { migrate } from '../src/migrate.ts';
import { unadopt } from '../src/unadopt.ts';
import { verify } from '../src/verify.ts';
import { readCatalogue } from '../testing/catalogue.ts';
import type { TestDatabase } from '../testing/database.ts';
import { openOlderHq } from '../testing/older-hq.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
afterEach(() => database.drop());

const ours = /audit_action|command_action|gateway_status|inbox_event_type|notification_type|secret_state/;

describe('an older HQ with objects of an unusual kind is adopted, and is as it was after unadopt:', () => {
  test.each([
    [
      'names in quotes, with capitals and spaces',
      `create table public."Camp Table" (id int constraint "is it" check (id > 0), "Na ""me" text, tenant_id uuid);
       comment on table public."Camp Table" is 'it''s theirs';
       comment on column public."Camp Table"."Na ""me" is 'a name';
       create table public."it's (a+b" (id int);
       alter publication supabase_realtime add table public."it's (a+b";
       create view public."V iew" as select * from public."Camp Table";
       create type public."My Enum" as enum ('a b');
       create function public."Do It"(p public."Camp Table", q public."My Enum") returns int language sql as 'select 1'`,
    ],
    [
      'partitions and children',
      `create table public.events (id int, tenant_id uuid, at date) partition by range (at);
       create table public.events_2026 partition of public.events for values from ('2026-01-01') to ('2027-01-01');
       create table public.old_tasks () inherits (public.tasks)`,
    ],
    [
      'functions that read with their owner’s rights, volatile or not',
      `create function public.read_all() returns bigint language sql security definer as 'select count(*) from public.tasks';
       create function public.read_some() returns bigint language sql stable strict security definer as 'select count(*) from public.tasks'`,
    ],
    [
      'a publication of some rows and columns',
      `alter publication supabase_realtime set table public.tasks where (title is not null), public.agents (id, slug), public.secrets (id)`,
    ],
    [
      'procedures, aggregates, domains and views of views',
      `create procedure public.go(a int) language sql security definer as 'update public.tasks set title = title';
       create aggregate public.total(int) (sfunc = int4pl, stype = int, initcond = '0');
       create domain public.word as text check (value <> '');
       create table public.words (word public.word, tenant_id text, id int generated always as identity, twice int generated always as (1) stored);
       create materialized view public.kept as select key from public.secrets;
       create view public.kept_too as select * from public.kept`,
    ],
  ])('%s', async (_kind, sql) => {
    database = await openOlderHq();
    await database.query(sql);
    const { words: _before, ...before } = await readCatalogue(database);
    await migrate(database.url);
    expect(await verify(database.url)).toEqual([]);
    expect(await migrate(database.url)).toEqual([]);
    const differing = await unadopt(database.url, { lose: ['tenant_members'] });
    expect(differing.filter((name) => !ours.test(name))).toEqual([]);
    const { words: _after, ...after } = await readCatalogue(database);
    expect(after).toEqual(before);
  });
});

describe('an adoption refuses, before it changes anything, and the check says so:', () => {
  test.each([
    ['a schema hq of others', `create schema hq; create table hq.things (id int)`, /schema hq.*things/],
    [
      'a table of others with a name of HQ’s',
      `create table public.alert_mutes (id int)`,
      /public\.alert_mutes/,
    ],
  ])('%s', async (_what, sql, sentence) => {
    database = await openOlderHq();
    await database.query(sql);
    const before = await readCatalogue(database);
    expect((await checkAdoption(database.url)).obstacles).toEqual([expect.stringMatching(sentence)]);
    await expect(migrate(database.url)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(sentence),
    });
    expect(await readCatalogue(database)).toEqual(before);
  });

  test('policies that bind the role whose rights HQ’s functions have, and a publication of another owner', async () => {
    database = await openOlderHq();
    await database.query(`alter table public.tasks force row level security`);
    expect((await checkAdoption(database.url)).obstacles).toEqual([]);
    await database.behindTheGuard(`create role bound_owner login password 'bound' in role postgres;
      alter publication supabase_realtime owner to supabase_admin`);
    try {
      const url = new URL(database.url);
      url.username = 'bound_owner';
      url.password = 'bound';
      expect((await checkAdoption(url.href)).obstacles).toEqual([
        expect.stringMatching(/owner of tasks too.*bound_owner.*no force/),
        expect.stringMatching(/supabase_realtime belongs to supabase_admin/),
      ]);
    } finally {
      await database.behindTheGuard(`drop role bound_owner`);
    }
  });
});
