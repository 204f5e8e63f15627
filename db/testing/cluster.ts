import {
  freshProject,
  runStatements,
  type ScratchPostgres,
  startScratchPostgres,
} from '../../local/testing/scratch-postgres.ts';
import { migrate } from '../src/migrate.ts';

/** A fresh project with every migration applied. */
export const migratedTemplate = 'hq_migrated';

/** Starts a cluster with two templates to clone: `freshProject` and `migratedTemplate`. */
export async function startTestCluster(): Promise<ScratchPostgres> {
  const cluster = await startScratchPostgres();
  try {
    await runStatements(
      cluster.urlFor('postgres', 'supabase_admin'),
      `create database ${migratedTemplate} owner postgres template ${freshProject}`,
    );
    await migrate(cluster.urlFor(migratedTemplate));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}
