import './telemetry-off.ts';
import { readFile } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';
import { getAuthSchemaSql } from '@supabase/lite';
import type pg from 'pg';

/**
 * Creates the auth server's tables and the API's role. A database without an auth server has an `auth.users` with only the
 * columns that HQ reads; it gets the others. `client` may create roles and owns the schema `auth`.
 */
export async function prepareApi(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ users: boolean; sessions: boolean; supabase: boolean }>(
    `select to_regclass('auth.users') is not null as users,
            to_regclass('auth.sessions') is not null as sessions,
            to_regclass('auth.schema_migrations') is not null as supabase`,
  );
  const [existing] = rows;
  if (existing?.supabase) {
    throw new HqError(
      'conflict',
      'This database belongs to a Supabase project, which has an API of its own.',
      {
        hint: 'Migrate it with hq-db, and point hq-tui at the project with SUPABASE_URL and SUPABASE_ANON_KEY.',
      },
    );
  }
  if (!existing?.sessions) {
    if (existing?.users) await client.query(await sqlFile('auth-users.sql'));
    await client.query(getAuthSchemaSql());
  }
  await client.query(await sqlFile('api-role.sql'));
}

function sqlFile(name: string): Promise<string> {
  return readFile(new URL(name, import.meta.url), 'utf8');
}
