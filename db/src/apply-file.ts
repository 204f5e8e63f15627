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

/** Runs files inside the transaction that is open, one request a file. Throws `FileError`. */
export async function runFiles(client: pg.Client, files: readonly SqlFile[]): Promise<void> {
  for (const file of files) {
    try {
      await client.query(file.sql);
    } catch (cause) {
      throw new FileError(file, cause);
    }
  }
}

/**
 * Runs the work in a transaction whose functions may name tables and functions that come later. Rolls back when it throws.
 */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query('set local check_function_bodies = off');
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Finds the statement that fails, by running the files again, statement by statement; nothing of it is kept. */
async function findStatement(client: pg.Client, before: readonly SqlFile[], file: SqlFile): Promise<string> {
  let place = '';
  await client.query('begin');
  try {
    await client.query('set local check_function_bodies = off');
    await runFiles(client, before);
    for (const { sql, line } of splitStatements(file.sql)) {
      place = `, line ${line} (${sql.split('\n')[0]?.trim().slice(0, 100)})`;
      await client.query(sql);
    }
    return '';
  } catch {
    return place;
  } finally {
    await client.query('rollback');
  }
}

/** The error that names the file, the statement and the reason. `before` are the files that ran first in the transaction. */
export async function explainFailure(
  client: pg.Client,
  { file, message, cause }: FileError,
  before: readonly SqlFile[],
): Promise<HqError> {
  const place = await findStatement(client, before, file);
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
    await inTransaction(client, async () => {
      await runFiles(client, files);
      await record();
    });
  } catch (error) {
    throw error instanceof FileError ? await explainFailure(client, error, []) : error;
  }
}
