import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readCatalogue } from '../testing/catalogue.ts';
import { cloneDatabase, type TestDatabase } from '../testing/database.ts';
import { openOlderHq } from '../testing/older-hq.ts';
import { type AdoptionReport, checkAdoption } from './adopt-check.ts';
import { migrate } from './migrate.ts';

vi.setConfig({ testTimeout: 120_000 });

let database: TestDatabase;
let report: AdoptionReport;
beforeAll(async () => {
  database = await openOlderHq();
  report = await checkAdoption(database.url);
});
afterAll(() => database.drop());

describe('the check before an adoption', () => {
  test('says who becomes admin and who becomes nobody, as it comes then', async () => {
    const people = report.changes.filter((line) => /becomes|gets no role/.test(line));
    expect(people).toEqual([
      'owner@example.test becomes admin of default.',
      'returned@example.test becomes admin of default.',
      'second@example.test becomes admin of second.',
      'an anonymous account gets no role: it has no name.',
      'banned@example.test gets no role: the account is banned.',
      'deleted@example.test gets no role: the account is deleted.',
      'lost@example.test gets no role: its tenant does not exist.',
    ]);
    const copy = await openOlderHq();
    try {
      const notes: string[] = [];
      await migrate(copy.url, { onNote: (note) => notes.push(note) });
      expect(notes).toEqual([
        'owner@example.test is admin of default',
        'returned@example.test is admin of default',
        'second@example.test is admin of second',
      ]);
      notes.length = 0;
      await migrate(copy.url, { onNote: (note) => notes.push(note) });
      expect(notes).toEqual([]);
    } finally {
      await copy.drop();
    }
  });

  test.each([
    /secret in_clear of the gateway default.*no file.*capitals/,
    /secret NODE_OPTIONS of the agent main.*no file.*reserved/,
    /value of the secret in_clear of the gateway default is not encrypted/,
    /value of the secret EMPTY of the gateway default is not encrypted/,
    /1 command never ended.*one alert/,
    /1 waiting command names no gateway/,
    /agent main keeps its name/,
    /_schema_version, _yourhq_migrations/,
    /complete_setup/,
    /audit page/,
    /hq-db unadopt/,
  ])('says %s', (sentence) => {
    expect(report.changes.filter((line) => sentence.test(line))).toHaveLength(1);
  });

  test('does not list the function that registers a gateway: everybody calls it as before', () => {
    expect(report.changes.filter((line) => line.includes('consume_gateway_token'))).toEqual([]);
  });

  test('finds nothing in the way of this one', () => {
    expect(report.obstacles).toEqual([]);
  });

  test('changes nothing: it works where nothing can be written', async () => {
    const before = await readCatalogue(database);
    await database.behindTheGuard(
      `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
    );
    expect(await checkAdoption(database.url)).toEqual(report);
    await database.behindTheGuard(
      `do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$`,
    );
    expect(await readCatalogue(database)).toEqual(before);
  });

  test('says what would stop hq-db migrate: two secrets of one name, a table of another owner, an open transaction', async () => {
    const other = await openOlderHq();
    const holder = new pg.Client({ connectionString: other.url, application_name: 'psql' });
    try {
      await other.behindTheGuard(`drop index secrets_key;
        insert into secrets (gateway_id, key, name, encrypted_value) select gateway_id, key, name, encrypted_value from secrets where key = 'EMPTY';
        alter table contacts owner to supabase_admin`);
      await holder.connect();
      await holder.query('begin; select from tasks');
      const { obstacles } = await checkAdoption(other.url);
      expect(obstacles).toEqual([
        expect.stringMatching(/contacts belongs to supabase_admin/),
        expect.stringMatching(/2 secrets are called EMPTY on the gateway default/),
        expect.stringMatching(/psql of postgres \(pid \d+\) has a transaction open/),
      ]);
    } finally {
      await holder.end();
      await other.drop();
    }
  });

  test('tells an empty project and an adopted one from an older HQ', async () => {
    for (const [from, sentence] of [
      ['fresh', /no older HQ/],
      ['migrated', /has been adopted/],
    ] as const) {
      const other = await cloneDatabase(from);
      await expect(checkAdoption(other.url)).rejects.toMatchObject({
        message: expect.stringMatching(sentence),
      });
      await other.drop();
    }
  });
});
