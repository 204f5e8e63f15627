import { HqError } from '@hq/shared/errors';
import pg from 'pg';

/** The URL as it may be shown: without its password. */
function showUrl(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'the given database URL';
  const url = new URL(databaseUrl);
  return `${url.protocol}//${url.username ? `${url.username}@` : ''}${url.host}${url.pathname}`;
}

/**
 * Opens one connection and closes it again. A malformed URL is a `usage` error, a database that does not answer an `unreachable`
 * one; neither contains the password. A role without the rights is `refused`.
 */
export async function withConnection<T>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  if (!/^postgres(ql)?:\/\//.test(databaseUrl) || !URL.canParse(databaseUrl)) {
    throw new HqError('usage', 'The database URL is not a Postgres URL', {
      hint: 'It looks like postgres://user:password@host:5432/database.',
    });
  }
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: 15_000,
    application_name: 'hq-db',
  });
  let lost: Error | undefined;
  client.on('error', (error) => {
    lost = error;
  });
  try {
    await client.connect();
  } catch (cause) {
    const reason = cause instanceof Error && cause.message ? cause.message : 'it did not answer';
    throw new HqError('unreachable', `cannot connect to ${showUrl(databaseUrl)}: ${reason}`, {
      hint: 'Is the address right, is the database up? A database that asks for TLS wants ?sslmode=verify-full&sslrootcert=FILE.',
    });
  }
  try {
    return await work(client);
  } catch (error) {
    if (lost) {
      throw new HqError(
        'unreachable',
        `the connection to ${showUrl(databaseUrl)} was lost: ${lost.message}`,
        {
          hint: 'Nothing is half done: run it again.',
        },
      );
    }
    if (error instanceof pg.DatabaseError && error.code === '42501') {
      throw new HqError('refused', error.message, {
        hint: 'Connect as the role that owns the tables of HQ; on Supabase it is postgres.',
        cause: error,
      });
    }
    throw error;
  } finally {
    await client.end();
  }
}
