import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../src/migrate.ts';
import { type Caller, cloneDatabase, type TestDatabase } from './database.ts';

/** An HQ 0.2.3 that was installed fresh lacks its last migration, which fails there; one that was upgraded has it. */
export type OlderShape = 'fresh' | 'upgraded';

const files = [
  ...['tenancy', 'fleet', 'commands', 'records', 'work', 'inbox', 'usage', 'secrets', 'knowledge'],
  ...['rights', 'rows'],
];

/** The ids of rows in `older-hq/rows.sql`. */
export const older = {
  gateway: 'bbbbbbbb-0000-4000-8000-000000000001',
  main: 'cccccccc-0000-4000-8000-000000000001',
  scout: 'cccccccc-0000-4000-8000-000000000002',
  task: 'ffffffff-0000-4000-8000-00000000000a',
  blockedTask: 'ffffffff-0000-4000-8000-00000000000b',
  deliverable: 'ffffffff-0000-4000-8000-00000000000c',
  contact: 'ffffffff-0000-4000-8000-000000000001',
  knowledge: 'ffffffff-0000-4000-8000-00000000000d',
  owner: 'aaaaaaaa-0000-4000-8000-000000000001',
} as const;

/** The person who signed up before the adoption. */
export const owner: Caller = {
  role: 'authenticated',
  claims: { role: 'authenticated', sub: older.owner, email: 'owner@example.test' },
};

/** The SQL that makes a fresh Supabase project an older HQ in use. Its owner runs it. */
export async function olderHqSql(shape: OlderShape = 'upgraded'): Promise<string> {
  const names = shape === 'upgraded' ? [...files, 'upgraded'] : files;
  const texts = await Promise.all(
    names.map((name) => readFile(join(import.meta.dirname, `older-hq/${name}.sql`), 'utf8')),
  );
  return texts.join('\n');
}

/** A database of an older HQ, not migrated. `drop` it in `afterAll`. */
export async function openOlderHq(shape?: OlderShape): Promise<TestDatabase> {
  const database = await cloneDatabase('fresh');
  await database.query(await olderHqSql(shape));
  return database;
}

const templates = new Map<OlderShape, Promise<string>>();

async function makeTemplate(shape: OlderShape): Promise<string> {
  const database = await openOlderHq(shape);
  await migrate(database.url);
  return database.keep();
}

/** A database of an older HQ after `hq-db migrate`, which runs once for each test file. */
export async function openAdoptedHq(shape: OlderShape = 'upgraded'): Promise<TestDatabase> {
  const template = templates.get(shape) ?? makeTemplate(shape);
  templates.set(shape, template);
  return cloneDatabase({ template: await template });
}
