import type { Kysely } from 'kysely';
import type pg from 'pg';
import { connectFrom, kyselyOn } from './pool.ts';
import { recordError } from './request-scope.ts';
import { restError } from './rest-errors.ts';

export interface TransactionOptions {
  readonly pool: pg.Pool;
  /** `BEGIN` and the settings of the transaction, as one simple query that is always valid. */
  readonly begin: string;
  readonly end: 'COMMIT' | 'ROLLBACK';
  /** A larger answer of the database ends the connection. */
  readonly mostBytes: number;
}

/**
 * Runs one transaction on one connection. `begin` is sent together with the first query, since the pool's clients pipeline:
 * every query fails when `begin` does.
 */
export async function inTransaction<T>(
  { pool, begin, end, mostBytes }: TransactionOptions,
  work: (database: Kysely<unknown>) => Promise<T>,
): Promise<T> {
  const client = await connectFrom(pool);
  const unlimited = limitAnswer(client, mostBytes);
  const begun = client.query(begin);
  // A failure is thrown below, or by the next query.
  begun.catch(recordError);
  const borrowed = borrow(client);
  try {
    const answer = await work(kyselyOn(() => Promise.resolve(borrowed)));
    await begun;
    await client.query(end);
    client.release();
    return answer;
  } catch (error) {
    recordError(error);
    await rollBack(client);
    throw error;
  } finally {
    unlimited();
  }
}

/**
 * Wraps the client so that it cannot be released before the transaction ends. Also answers the query for the response's
 * status and headers that @supabase/lite sends after each function call: HQ's functions set none.
 */
function borrow(client: pg.PoolClient): pg.PoolClient {
  return Object.create(client, {
    release: { value: () => undefined },
    query: {
      value: (text: string, values: unknown[]) =>
        asksForResponseSettings(text)
          ? Promise.resolve({ command: 'SELECT', rowCount: 1, rows: [{ status: null, headers: null }] })
          : client.query(text, values),
    },
  });
}

function asksForResponseSettings(text: string): boolean {
  return /^\s*select current_setting\('response\.status', true\)/i.test(text);
}

/** Returns a function that ends the limit. */
function limitAnswer({ connection: { stream } }: pg.PoolClient, mostBytes: number): () => void {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= mostBytes) return;
    const message = `An answer may have ${mostBytes} bytes at most.`;
    const hint = 'Ask for fewer rows or columns.';
    stream.destroy(restError(413, { code: '54000', message, details: null, hint }));
  };
  stream.on('data', count);
  return () => stream.off('data', count);
}

async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch {
    // The connection broke, which ended the transaction; the caller throws the first error.
    client.release(true);
  }
}
