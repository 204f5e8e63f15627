import type { Kysely } from 'kysely';
import type pg from 'pg';
import { connectFrom, kyselyOn } from './pool.ts';
import { noteError } from './request-scope.ts';

export interface TransactionOptions {
  readonly pool: pg.Pool;
  /** `BEGIN` and what sets the transaction up, as one simple query that cannot be malformed. */
  readonly begin: string;
  readonly end: 'COMMIT' | 'ROLLBACK';
}

/**
 * One transaction on one connection. Its beginning is sent together with the first query (the pool's clients pipeline):
 * a beginning that fails leaves a transaction in which every query fails too.
 */
export async function inTransaction<T>(
  { pool, begin, end }: TransactionOptions,
  work: (database: Kysely<unknown>) => Promise<T>,
): Promise<T> {
  const client = await connectFrom(pool);
  const begun = client.query(begin);
  // Its failure is thrown below, or shows in the query behind it.
  begun.catch(noteError);
  const borrowed = borrow(client);
  try {
    const answer = await work(kyselyOn(() => Promise.resolve(borrowed)));
    await begun;
    await client.query(end);
    client.release();
    return answer;
  } catch (error) {
    noteError(error);
    await rollBack(client);
    throw error;
  }
}

/**
 * The client as it stands, but nobody gives it back before the transaction ends, and what @supabase/lite asks after every
 * function call, which status and headers it set, is answered here: HQ's functions set none, and the question costs a trip.
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

async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
    client.release();
  } catch {
    // The connection is gone and the transaction with it; the error that led here is the one to tell.
    client.release(true);
  }
}
