import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, test, vi } from 'vitest';
import { cloneDatabase } from '../testing/database.ts';
import { eventually } from '../testing/eventually.ts';
import { migrate } from './migrate.ts';
import { schemaDirectory } from './schema-files.ts';

describe('a migration beside other connections', () => {
  test.each([
    ['lock table tasks', /psql of postgres \(pid \d+\) has a transaction open, for \d+ min/],
    ['select pg_advisory_xact_lock(4770118201)', /psql of postgres \(pid \d+\) migrates this database/],
  ])('a connection that does not let go is named (%s)', async (sql, named) => {
    const database = await cloneDatabase();
    const holder = new pg.Client({ connectionString: database.url, application_name: 'psql' });
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      await holder.connect();
      await holder.query(`begin; ${sql}`);
      await database.behindTheGuard('drop policy hq_delete_only on agents');
      const failed = migrate(database.url).catch((error) => error);
      const clock = setInterval(() => vi.setSystemTime(Date.now() + 20_000), 200);
      const error = await failed;
      clearInterval(clock);
      expect(error).toMatchObject({
        code: 'timed_out',
        message: expect.stringMatching(named),
        hint: expect.stringMatching(/pg_terminate_backend\(\d+\)/),
      });
    } finally {
      vi.useRealTimers();
      await holder.end();
      await database.drop();
    }
  });

  test('a migration that is under way is waited for', async () => {
    const database = await cloneDatabase();
    const holder = new pg.Client({ connectionString: database.url });
    try {
      await holder.connect();
      await holder.query('select pg_advisory_lock(4770118201)');
      let done = false;
      const waiting = migrate(database.url).then(() => {
        done = true;
      });
      await expect
        .poll(
          async () =>
            (
              await database.query(
                `select 1 from pg_stat_activity where application_name = 'hq-db' and datname = current_database()`,
              )
            ).length,
        )
        .toBe(1);
      expect(done).toBe(false);
      await holder.query('select pg_advisory_unlock(4770118201)');
      await waiting;
    } finally {
      await holder.end();
      await database.drop();
    }
  });

  test('makes no client the victim of a deadlock, however long its statements take', async () => {
    const database = await cloneDatabase();
    const directory = await mkdtemp(join(tmpdir(), 'hq-schema-'));
    const other = new pg.Client({ connectionString: database.url });
    try {
      await cp(schemaDirectory, directory, { recursive: true });
      await writeFile(
        join(directory, 'migrations/9999_two_tables.sql'),
        `alter table public.tasks add one int; select pg_sleep(0.9); alter table public.comments add two int;`,
      );
      await other.connect();
      await other.query('begin; select from comments');
      const migrated = migrate(database.url, { directory });
      const isAsleep = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
      // A migration that takes its locks one by one sleeps while it holds the first of them; one that takes them all waits for `other`.
      await vi
        .waitFor(async () => expect(await database.query(isAsleep)).toHaveLength(1), {
          timeout: 2_000,
          interval: 5,
        })
        .catch(() => undefined);
      await expect(other.query('select from tasks; commit')).resolves.toBeDefined();
      expect(await migrated).toContain('9999_two_tables');
    } finally {
      await other.end();
      await rm(directory, { recursive: true });
      await database.drop();
    }
  });

  test('has an automatic vacuum make way', { timeout: 120_000 }, async () => {
    const database = await cloneDatabase();
    const superuser = new pg.Client({ connectionString: database.superuserUrl });
    try {
      await superuser.connect();
      await database.query(
        `insert into comments (entity_type, entity_id, body) select 'task', gen_random_uuid(), repeat('x', 2000) from generate_series(1, 2000)`,
      );
      await database.query(
        `alter table comments set (autovacuum_vacuum_insert_threshold = 0, autovacuum_vacuum_insert_scale_factor = 0,
           autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`,
      );
      await superuser.query(`alter system set autovacuum_naptime = '1s'`);
      await superuser.query('select pg_reload_conf()');
      const isVacuuming = `select from pg_stat_progress_vacuum where datname = current_database() and relid = 'comments'::regclass`;
      await eventually(async () => expect((await superuser.query(isVacuuming)).rowCount).toBe(1));
      await database.behindTheGuard('drop policy hq_delete_only on agents');
      expect(await migrate(database.url)).not.toEqual([]);
    } finally {
      await superuser.query('alter system reset autovacuum_naptime');
      await superuser.query('select pg_reload_conf()');
      await superuser.end();
      await database.drop();
    }
  });
});
