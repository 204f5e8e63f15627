import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { withConnection } from '../../db/src/connection.ts';
import { migrate } from '../../db/src/migrate.ts';
import { prepareApi } from './api/prepare-api.ts';
import type { InstallKeys } from './install-keys.ts';
import { socketUrl } from './postgres/postgres.ts';
import { embeddedSuperuser } from './postgres/supervised-postgres.ts';
import { installTriggers } from './realtime/change-feed.ts';
import { type Seeded, seed } from './seed.ts';

const bootstrapFile = new URL('../../db/bootstrap/supabase.sql', import.meta.url);

/** Prepares the bundled Postgres: creates the owner of HQ's tables, who is no superuser. */
export async function bootstrapEmbedded(
  directory: string,
  keys: InstallKeys,
): Promise<{ databaseUrl: string }> {
  const superuserUrl = socketUrl(directory, embeddedSuperuser, keys.superuserPassword);
  await withConnection(superuserUrl, async (client) => {
    await client.query(await readFile(bootstrapFile, 'utf8'));
    await client.query(`alter role postgres password ${pg.escapeLiteral(keys.ownerPassword)}`);
    await client.query('alter database postgres owner to postgres');
    await prepareApi(client);
  });
  return { databaseUrl: socketUrl(directory, 'postgres', keys.ownerPassword) };
}

/** Creates what is missing in an external Postgres. */
export async function bootstrapExternal(databaseUrl: string): Promise<void> {
  await withConnection(databaseUrl, async (client) => {
    const { rows } = await client.query<{ complete: boolean }>(
      `select to_regclass('auth.users') is not null
          and exists (select from pg_publication where pubname = 'supabase_realtime')
          and (select count(*) from pg_roles where rolname in ('anon', 'authenticated', 'service_role')) = 3 as complete`,
    );
    if (!rows[0]?.complete) await client.query(await readFile(bootstrapFile, 'utf8'));
    await prepareApi(client);
  });
}

/** Migrates, installs Realtime's triggers and seeds the first sign-in. */
export async function prepareDatabase(
  databaseUrl: string,
  keys: InstallKeys,
  report: (line: string) => void,
): Promise<Seeded> {
  const applied = await migrate(databaseUrl);
  if (applied.length > 0) report(`Applied ${applied.length} schema files`);
  return withConnection(databaseUrl, async (client) => {
    await installTriggers(client);
    return seed(client, keys);
  });
}
