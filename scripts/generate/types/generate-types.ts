import { withConnection } from '../../../db/src/connection.ts';
import { migrate } from '../../../db/src/migrate.ts';
import { freshProject, startScratchPostgres } from '../../../local/src/postgres/scratch-postgres.ts';
import { readCatalog } from './catalog.ts';
import { writeTypes } from './write-types.ts';

/** The types of a database that has just been migrated, on a Postgres that is thrown away afterwards. */
export async function generateTypes(): Promise<string> {
  const scratch = await startScratchPostgres();
  try {
    const url = scratch.urlFor(freshProject);
    await migrate(url);
    return writeTypes(await withConnection(url, readCatalog));
  } finally {
    await scratch.stop();
  }
}
