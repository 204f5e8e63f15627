import { HqError } from '@hq/shared/errors';
import type pg from 'pg';
import { readSchemaObjects, type SchemaObject } from './schema-text.ts';

/** Texts that name every object with its schema, so that they mean the same wherever they run. Lasts until the transaction ends. */
export async function readQualifiedObjects(client: pg.Client): Promise<SchemaObject[]> {
  await client.query(`set local search_path = ''; set local quote_all_identifiers = off`);
  return readSchemaObjects(client);
}

/** The row that says that the schema was recorded: an empty project has no other. */
const recorded: SchemaObject = { section: 'Schemas and types', name: 'recorded by hq-db', text: '' };

/** Tables of HQ in `public` that no older HQ has. */
const ownTables = [
  ...['tenant_members', 'agent_command_output', 'alert_mutes', 'chat_adapters', 'chat_alert_messages'],
  ...['chat_bots', 'chat_buttons', 'chat_cards', 'chat_channels', 'chat_confirmations', 'chat_deliveries'],
  ...['chat_identities', 'chat_link_codes', 'chat_subscriptions'],
];

/** Names, each in a sentence, what others have where a first migration would put something of HQ. */
export async function findNamesTaken(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ says: string }>(
    `select format('HQ needs the name public.%s: rename that table.', t) as says
     from unnest($1::text[]) t where to_regclass('public.' || t) is not null
     union all
     select format('HQ needs the schema hq, which contains %s: rename that schema.', string_agg(relname, ', ' order by relname))
     from pg_class where relnamespace = to_regnamespace('hq') and relkind in ('r', 'p', 'v', 'm', 'f') having count(*) > 0`,
    [ownTables],
  );
  return rows.map(({ says }) => says);
}

/**
 * Records the schema as it is before the first migration, for `hq-db unadopt`. The table stays empty on a database that was migrated
 * before hq-db recorded it. Throws `conflict` where a name of HQ is taken.
 */
export async function recordBefore(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ is_migrated: boolean; is_recorded: boolean }>(
    `select to_regclass('hq.migrations') is not null as is_migrated, to_regclass('hq.before_hq') is not null as is_recorded`,
  );
  if (rows[0]?.is_recorded) return;
  const taken = rows[0]?.is_migrated ? [] : await findNamesTaken(client);
  if (taken.length > 0) {
    throw new HqError('conflict', taken.join(' '), { hint: 'Then run hq-db migrate again.' });
  }
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
