import { HqError } from '@hq/shared/errors';
import pg from 'pg';
import { begin, inMigration, lockTables } from './migration-lock.ts';
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

/** Finds the statement that fails, by running the file again, statement by statement; nothing of it is kept. */
async function findStatement(
  client: pg.Client,
  prepare: () => Promise<void>,
  file: SqlFile,
): Promise<string> {
  let place = '';
  await client.query(begin);
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

/**
 * Applies a file in a transaction of its own and records it there, unless another migrator was faster. Returns whether it did. Throws
 * `failed` with the statement at fault.
 */
export async function applyFile(
  client: pg.Client,
  file: SqlFile,
  steps: { readonly isPending: () => Promise<boolean>; readonly record: () => Promise<void> },
): Promise<boolean> {
  try {
    return await inMigration(client, async () => {
      if (!(await steps.isPending())) return false;
      await lockTables(client);
      await runFiles(client, [file]);
      await steps.record();
      return true;
    });
  } catch (error) {
    throw error instanceof FileError ? await explainFailure(client, error, () => Promise.resolve()) : error;
  }
}
