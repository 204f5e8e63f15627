import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { parserOf } from './column-values.ts';
import { recordError, recordNoConnection } from './request-scope.ts';

/**
 * Opens connections of the API's role. The pool survives restarts of Postgres: a broken connection is dropped and replaced.
 * Realtime has a pool of its own: waiting behind requests would make every channel join again.
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
    // Sends a request's BEGIN and its first statement together: a round trip costs half a millisecond.
    pipeline: purpose === 'requests',
    types: { getTypeParser: parserOf },
  });
  // Without listeners the process would exit when an idle connection breaks. The pool has dropped it by then.
  pool.on('error', recordError);
  pool.on('connect', (client) => client.on('error', recordError));
  return pool;
}

/** Takes a connection of the pool. A failure is recorded on the current request. */
export async function connectFrom(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    recordNoConnection(error);
    throw error;
  }
}

/** Runs queries on these connections. Errors are recorded on the current request. */
export function kyselyOn(connect: () => Promise<pg.PoolClient>): Kysely<unknown> {
  return new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: { connect, end: () => Promise.resolve() } }),
    log: (event) => {
      if (event.level === 'error') recordError(event.error);
    },
  });
}
