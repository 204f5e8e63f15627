import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { parserOf } from './column-values.ts';
import { noteError, noteNoConnection } from './request-scope.ts';

/**
 * Connections of the API's role. They outlive restarts of Postgres: a broken one is dropped, the next one is new.
 * Realtime has its own few: were it to wait behind requests, every channel would have to join again.
 */
export function openPool(databaseUrl: string, purpose: 'requests' | 'realtime'): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: purpose === 'requests' ? 12 : 4,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 60_000,
    application_name: purpose === 'requests' ? 'hq-api' : 'hq-realtime-reads',
    options:
      '-c role=hq_api -c TimeZone=UTC -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000',
    // A request's BEGIN and its first statement travel together: on an idle machine every trip costs half a millisecond.
    pipeline: purpose === 'requests',
    types: { getTypeParser: parserOf },
  });
  // Without listeners a connection that breaks while nobody waits on it would end the process. The pool has dropped
  // it by then, and whoever uses it next hears of it.
  pool.on('error', noteError);
  pool.on('connect', (client) => client.on('error', noteError));
  return pool;
}

/** A connection of the pool, its absence noted on the request that wanted it. */
export async function connectFrom(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    noteNoConnection(error);
    throw error;
  }
}

/** Queries on these connections, each error noted on the request that met it. */
export function kyselyOn(connect: () => Promise<pg.PoolClient>): Kysely<unknown> {
  return new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: { connect, end: () => Promise.resolve() } }),
    log: (event) => {
      if (event.level === 'error') noteError(event.error);
    },
  });
}
