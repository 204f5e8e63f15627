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
    types: { getTypeParser: parserOf },
  });
  // Without listeners a connection that breaks while nobody waits on it would end the process. The pool has dropped
  // it by then, and whoever uses it next hears of it.
  pool.on('error', noteError);
  pool.on('connect', (client) => client.on('error', noteError));
  return pool;
}

/** The pool for @supabase/lite, each error noted on the request that met it. */
export function kyselyOn(pool: pg.Pool): Kysely<unknown> {
  const connect = async () => {
    try {
      return await pool.connect();
    } catch (error) {
      noteNoConnection(error);
      throw error;
    }
  };
  return new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.end() } }),
    log: (event) => {
      if (event.level === 'error') noteError(event.error);
    },
  });
}
