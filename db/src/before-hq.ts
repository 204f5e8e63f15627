import type pg from 'pg';
import { readSchemaObjects, type SchemaObject } from './schema-text.ts';

/** Texts that name every object with its schema, so that they mean the same wherever they run. Lasts until the transaction ends. */
export async function readQualifiedObjects(client: pg.Client): Promise<SchemaObject[]> {
  await client.query(`set local search_path = ''; set local quote_all_identifiers = off`);
  return readSchemaObjects(client);
}

/** The row that says that the schema was recorded: an empty project has no other. */
const recorded: SchemaObject = { section: 'Schemas and types', name: 'recorded by hq-db', text: '' };

/**
 * Records the schema as it is before the first migration, for `hq-db unadopt`. The table stays empty on a database that was migrated
 * before hq-db recorded it.
 */
export async function recordBefore(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ is_migrated: boolean; is_recorded: boolean }>(
    `select to_regclass('hq.migrations') is not null as is_migrated, to_regclass('hq.before_hq') is not null as is_recorded`,
  );
  if (rows[0]?.is_recorded) return;
  const objects = rows[0]?.is_migrated
    ? []
    : [recorded, ...(await readQualifiedObjects(client)).filter(({ name }) => name !== 'hq')];
  await client.query(`create schema if not exists hq;
    create table hq.before_hq (section text not null, name text not null, text text not null, primary key (section, name))`);
  await client.query(
    `insert into hq.before_hq select * from jsonb_to_recordset($1) o (section text, name text, text text)`,
    [JSON.stringify(objects)],
  );
}

/** Returns the schema as it was before HQ, or null where it was not recorded. */
export async function readBefore(client: pg.Client): Promise<SchemaObject[] | null> {
  const { rows } = await client.query(`select where to_regclass('hq.before_hq') is not null`);
  if (rows.length === 0) return null;
  const before = await client.query<SchemaObject>('select section, name, text from hq.before_hq');
  if (before.rows.length === 0) return null;
  return before.rows.filter(({ name }) => name !== recorded.name);
}
