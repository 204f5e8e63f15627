import pg from 'pg';
import { inject } from 'vitest';

/** Key of the advisory lock, in the database `postgres` of the run's cluster. */
const key = 1;

/**
 * Runs a start of OpenClaw while no other test file runs one. A start takes a whole core for ten seconds; beside another
 * one it misses OpenClaw's own time limits.
 */
export async function withStartLock<T>(start: () => Promise<T>): Promise<T> {
  const client = new pg.Client(inject('testPostgres').superuser.replace('%database%', 'postgres'));
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [key]);
    return await start();
  } finally {
    await client.end();
  }
}
