import type pg from 'pg';
import { withConnection } from '../../db/src/connection.ts';
import { migrate } from '../../db/src/migrate.ts';
import { freshProject, startScratchPostgres } from '../../local/testing/scratch-postgres.ts';

/** Runs the work on a database that has just been migrated, on a Postgres that is thrown away afterwards. */
export async function withMigratedDatabase<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const scratch = await startScratchPostgres();
  try {
    const url = scratch.urlFor(freshProject);
    await migrate(url);
    return await withConnection(url, work);
  } finally {
    await scratch.stop();
  }
}
