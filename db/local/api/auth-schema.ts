import './telemetry-off.ts';
import { readFile } from 'node:fs/promises';
import { getAuthSchemaSql } from '@supabase/lite';
import type pg from 'pg';

/**
 * The tables of the auth server. A database that was bootstrapped without one has an `auth.users` with the columns
 * that HQ reads; it gets the rest. Never run on a database that Supabase's own auth server has made.
 */
export async function ensureAuthSchema(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ there: boolean; whole: boolean }>(
    `select to_regclass('auth.users') is not null as there,
            to_regclass('auth.sessions') is not null as whole`,
  );
  if (rows[0]?.whole) return;
  if (rows[0]?.there) {
    await client.query(await readFile(new URL('auth-users.sql', import.meta.url), 'utf8'));
  }
  await client.query(getAuthSchemaSql());
}
