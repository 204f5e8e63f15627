import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../testing/database.ts';
import { olderHqSql } from '../testing/older-hq.ts';
import { migrate, migrationState } from './migrate.ts';
import { readSchemaFiles } from './schema-files.ts';
import { readSchemaText } from './schema-text.ts';
import { verify } from './verify.ts';

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Leaves a database as the hq-db from before the baseline left it after this many migrations. */
async function applyOldMigrations(url: string, count: number): Promise<void> {
  const { takeover } = await readSchemaFiles();
  await withClient(url, async (client) => {
    await client.query(`create schema if not exists hq; create table hq.migrations (
      name text primary key, checksum text not null, applied_at timestamptz not null default clock_timestamp())`);
    for (const { name, sql, checksum } of takeover.migrations.slice(0, count)) {
      await client.query('begin');
      await client.query(sql);
      await client.query('insert into hq.migrations (name, checksum) values ($1, $2)', [name, checksum]);
      await client.query('commit');
    }
  });
}

/** One row, or more, in every table of `public` that is there, written past the guards. */
async function fill(database: TestDatabase): Promise<void> {
  const rows: Readonly<Record<string, string>> = {
    tenants: `insert into tenants (id, name, slug) values ('11111111-0000-4000-8000-000000000001', 'Kept', 'kept')`,
    workspace: `insert into workspace (name) values ('Kept HQ')`,
    agents: `insert into agents (id, slug, name, gateway_id) select '22222222-0000-4000-8000-000000000002', 'scout', 'Scout', id from gateways limit 1`,
    agent_commands: `insert into agent_commands (action, gateway_id, status, payload) select 'restart_gateway', id, 'done', '{"kept": true}' from gateways limit 1`,
    audit_log: `insert into audit_log (action, summary) values ('kept', 'a line')`,
    notifications: `insert into notifications (type, title) values ('command_failed', 'kept')`,
    tasks: `insert into tasks (title, assignee_agent_id) values ('kept', '22222222-0000-4000-8000-000000000002')`,
    agent_usage: `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd) values ('22222222-0000-4000-8000-000000000002', 'r1', 'p', 'm', 1.5)`,
    agent_budgets: `insert into agent_budgets (agent_id, monthly_limit_usd) values ('22222222-0000-4000-8000-000000000002', 10)`,
    secrets: `insert into secrets (gateway_id, key, name, encrypted_value) select id, 'KEPT', 'kept', 'enc:v1:AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.AAAA' from gateways limit 1`,
    chat_channels: `insert into chat_channels (platform, install, channel, ceiling) values ('slack', 'T1', 'C1', 'viewer')`,
  };
  for (const [table, sql] of Object.entries(rows)) {
    const [found] = await database.query(`select to_regclass($1) is not null as there`, [`public.${table}`]);
    if (found?.there) await database.behindTheGuard(sql);
  }
}

/** Every row of `public`, by the columns that the tables have now. */
async function readRows(
  database: TestDatabase,
): Promise<Map<string, { columns: string[]; rows: pg.QueryResultRow[] }>> {
  const tables = await database.query<{ name: string; columns: string[] }>(
    `select c.relname as name, array_agg(a.attname::text order by a.attname) as columns from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped group by 1 order by 1`,
  );
  const found = new Map<string, { columns: string[]; rows: pg.QueryResultRow[] }>();
  for (const { name, columns } of tables)
    found.set(name, { columns, rows: await readColumns(database, name, columns) });
  return found;
}

const readColumns = (database: TestDatabase, table: string, columns: readonly string[]) =>
  database.query(
    `select ${columns.map((name) => `"${name}"::text`).join(', ')} from public.${table} t order by t::text`,
  );

/** Writes all the time, as daemons do, until the work is over. Returns how many rows it added, and every failure. */
async function whileWriting(
  database: TestDatabase,
  work: () => Promise<unknown>,
): Promise<{ added: number; failures: unknown[] }> {
  let isOver = false;
  let added = 0;
  const failures: unknown[] = [];
  const write = async (sql: string) => {
    while (!isOver) {
      await database.as(service, sql).then(
        () => {
          added += sql.startsWith('insert into tasks') ? 1 : 0;
        },
        (error) => failures.push(error),
      );
    }
  };
  const writers = [
    `insert into tasks (title) values ('while migrating')`,
    `update tasks set title = title where id in (select id from tasks limit 20)`,
    `insert into comments (entity_type, entity_id, body) select 'task', id, 'while migrating' from tasks limit 1`,
    'update gateways set last_seen_at = now()',
    'update agent_commands set stdout = stdout',
    'select count(*) from agents a join gateways g on g.id = a.gateway_id join tasks t on t.assignee_agent_id = a.id',
  ].map(write);
  try {
    await work();
  } finally {
    isOver = true;
    await Promise.all(writers);
  }
  return { added, failures };
}

describe('clients that write all the time', () => {
  test.each([
    [
      'the adoption of an older HQ',
      (url: string) => withClient(url, async (c) => c.query(await olderHqSql())),
    ],
    ['a takeover', (url: string) => applyOldMigrations(url, 33)],
  ])(
    'wait for %s: it succeeds, none of them fails and no row is lost',
    async (_what, prepare) => {
      const database = await cloneDatabase('fresh');
      try {
        await prepare(database.url);
        const { added, failures } = await whileWriting(database, () => migrate(database.url));
        expect(failures).toEqual([]);
        expect(added).toBeGreaterThan(0);
        const [row] = await database.query<{ count: number }>(
          `select count(*)::int from tasks where title = 'while migrating'`,
        );
        expect(row?.count).toBe(added);
        expect(await verify(database.url)).toEqual([]);
      } finally {
        await database.drop();
      }
    },
    120_000,
  );
});

/** Columns that the baseline names differently. */
const renamed: Readonly<Record<string, string>> = {
  'chat_deliveries.said_hash': 'request_hash',
  'agent_budgets.current_period_cost_usd': 'current_period_spend_usd',
  'task_relations.task_id': 'source_task_id',
  'task_relations.related_task_id': 'target_task_id',
  'entity_links.entity_type': 'owner_type',
  'entity_links.entity_id': 'owner_id',
  'entity_links.title': 'label',
};

describe('a database from before the baseline', () => {
  let fresh: string;
  beforeAll(async () => {
    const migrated = await cloneDatabase();
    fresh = await withClient(migrated.url, readSchemaText);
    await migrated.drop();
  });

  test.each([1, 10, 22, 33, 45, 50])(
    'with %i of its migrations and rows comes to the schema of a fresh one, and loses nothing',
    async (count) => {
      const database = await cloneDatabase('fresh');
      try {
        await applyOldMigrations(database.url, count);
        await fill(database);
        const before = await readRows(database);
        expect((await migrationState(database.url)).pending).toContain('takeover/baseline');

        await migrate(database.url);

        expect(await withClient(database.url, readSchemaText)).toBe(fresh);
        for (const [table, { columns, rows }] of before) {
          const now = columns.map((column) => renamed[`${table}.${column}`] ?? column);
          const values = rows.map((row) => Object.values(row));
          const kept = await readColumns(database, table, now);
          expect(
            kept.map((row) => Object.values(row)),
            table,
          ).toEqual(values);
        }
        expect(await verify(database.url)).toEqual([]);
        expect(await migrate(database.url)).toEqual([]);
      } finally {
        await database.drop();
      }
    },
  );

  test('that had adopted an older HQ comes to what adopting it today gives', async () => {
    const taken = await cloneDatabase('fresh');
    const adopted = await cloneDatabase('fresh');
    try {
      for (const { url } of [taken, adopted]) {
        await withClient(url, async (client) => client.query(await olderHqSql()));
      }
      await applyOldMigrations(taken.url, 50);
      await migrate(taken.url);
      await migrate(adopted.url);
      expect(await withClient(taken.url, readSchemaText)).toBe(await withClient(adopted.url, readSchemaText));
    } finally {
      await taken.drop();
      await adopted.drop();
    }
  });

  test('keeps functions and triggers that somebody else added', async () => {
    const database = await cloneDatabase('fresh');
    try {
      await applyOldMigrations(database.url, 50);
      await database.query(`create table public.invoices (id int, updated_at timestamptz);
        create trigger invoices_touch before update on public.invoices for each row execute function hq.touch_updated_at();
        create trigger mail_failures after update on public.agent_commands for each row execute function hq.touch_updated_at();
        create function public.enqueue_command(p_number int) returns int language sql as 'select 1';
        create function hq.head(p_text text) returns text language sql as 'select p_text';
        create function hq.monthly_report() returns int language sql as 'select 1'`);

      await migrate(database.url);

      expect(
        await database.query(`select s from unnest(array['public.enqueue_command(integer)', 'hq.head(text)', 'hq.monthly_report()']) s
          where to_regprocedure(s) is null`),
      ).toEqual([]);
      expect(
        await database.query(
          `select tgname from pg_trigger where tgname in ('invoices_touch', 'mail_failures') order by 1`,
        ),
      ).toEqual([{ tgname: 'invoices_touch' }, { tgname: 'mail_failures' }]);
    } finally {
      await database.drop();
    }
  });

  test('with a migration that nobody knows is left alone', async () => {
    const database = await cloneDatabase('fresh');
    try {
      await applyOldMigrations(database.url, 3);
      await database.query(`insert into hq.migrations (name, checksum) values ('0099_later', 'x')`);
      await expect(migrate(database.url)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('0099_later'),
      });
      expect(await database.query(`select name from hq.migrations order by 1`)).toHaveLength(4);
    } finally {
      await database.drop();
    }
  });
});
