import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import pg from 'pg';
import type { SqlFile } from './schema-files.ts';
import { splitStatements } from './split-statements.ts';

/** A file of a transaction that failed, and which one. */
export class FileError extends Error {
  readonly file: SqlFile;
  constructor(file: SqlFile, cause: unknown) {
    super(cause instanceof Error ? cause.message : 'no reason was given', { cause });
    this.file = file;
  }
}

/** A statement that would end the transaction of its file, so that a failure after it could not be rolled back. */
const endsTransaction = /^(?:abort|begin|commit|rollback|start)\b/i;

/** Runs files inside the transaction that is open, one request a file. Throws `FileError`. */
export async function runFiles(client: pg.Client, files: readonly SqlFile[]): Promise<void> {
  for (const file of files) {
    if (splitStatements(file.sql).some(({ sql }) => endsTransaction.test(sql))) {
      throw new FileError(file, new Error('a file must not begin or end a transaction'));
    }
    try {
      await client.query(file.sql);
    } catch (cause) {
      throw new FileError(file, cause);
    }
  }
}

/**
 * Begins a transaction whose functions may name tables and functions that come later. The limits of the role, which Supabase
 * sets, are for requests.
 */
const begin = (client: pg.Client) =>
  client.query(`begin; set local check_function_bodies = off;
    set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`);

/** Runs the work in a transaction, and rolls back when it throws. */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await begin(client);
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Names the connections whose open transactions hold tables of HQ, the oldest first. */
async function lockHolders(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ holder: string }>(
    `select format('process %s (%s), in a transaction since %s UTC', a.pid,
       coalesce(nullif(a.application_name, ''), a.usename, a.backend_type), to_char(a.xact_start at time zone 'UTC', 'HH24:MI:SS')) as holder
     from pg_stat_activity a
     where a.datname = current_database() and a.pid <> pg_backend_pid() and exists (
       select from pg_locks l join pg_class c on c.oid = l.relation
       where l.pid = a.pid and l.granted and c.relnamespace = 'public'::regnamespace)
     order by a.xact_start limit 3`,
  );
  return rows.map(({ holder }) => holder).join(', ');
}

const isLockFailure = (error: unknown) =>
  error instanceof pg.DatabaseError && (error.code === '40P01' || error.code === '55P03');

/**
 * Runs a transaction again, for a minute, while others keep its locks. It gives up sooner than Postgres looks for deadlocks (after a
 * second), so that no client is the victim of one and none waits long behind it. Every fortieth time it waits longer, because a vacuum
 * makes way only then. Throws `timed_out`.
 */
export async function withLockRetries<T>(
  client: pg.Client,
  transaction: () => Promise<T>,
  lockBudgetMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + lockBudgetMs;
  for (let attempt = 1; ; attempt += 1) {
    await client.query(`set lock_timeout = '${attempt % 40 === 0 ? '3s' : '300ms'}'`);
    try {
      return await transaction();
    } catch (error) {
      const reason = error instanceof FileError ? error.cause : error;
      if (!isLockFailure(reason)) throw error;
      if (Date.now() > deadline) {
        const holders = await lockHolders(client);
        const who = holders === '' ? 'other connections hold' : `${holders} holds`;
        throw new HqError('timed_out', `${who} tables that the migration needs`, {
          hint: 'End long transactions (see pg_stat_activity) and run hq-db migrate again.',
          cause: reason,
        });
      }
      await sleep(50 + Math.random() * 200);
    }
  }
}

/** Finds the statement that fails, by running the file again, statement by statement; nothing of it is kept. */
async function findStatement(
  client: pg.Client,
  prepare: () => Promise<void>,
  file: SqlFile,
): Promise<string> {
  let place = '';
  await begin(client);
  try {
    await prepare();
    for (const { sql, line } of splitStatements(file.sql)) {
      place = `, line ${line} (${sql.split('\n')[0]?.trim().slice(0, 100)})`;
      if (endsTransaction.test(sql)) return place;
      await client.query(sql);
    }
    return '';
  } catch {
    return place;
  } finally {
    await client.query('rollback');
  }
}

/** The error that names the file, the statement and the reason. `prepare` repeats what came before it in the transaction. */
export async function explainFailure(
  client: pg.Client,
  { file, message, cause }: FileError,
  prepare: () => Promise<void>,
): Promise<HqError> {
  const place = await findStatement(client, prepare, file);
  const where = cause instanceof pg.DatabaseError && cause.where ? ` (${cause.where.split('\n')[0]})` : '';
  return new HqError('failed', `${file.name}${place} failed and was rolled back: ${message}${where}`, {
    hint: 'Everything applied before it stays. Correct the cause and run hq-db migrate again.',
    cause,
  });
}

/** Applies files in a transaction of their own and records them in it. Throws `failed` with the statement at fault. */
export async function applyFiles(
  client: pg.Client,
  files: readonly SqlFile[],
  record: () => Promise<void>,
): Promise<void> {
  try {
    await withLockRetries(client, () =>
      inTransaction(client, async () => {
        await runFiles(client, files);
        await record();
      }),
    );
  } catch (error) {
    throw error instanceof FileError ? await explainFailure(client, error, () => Promise.resolve()) : error;
  }
}
