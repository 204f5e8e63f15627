import type { TestProject } from 'vitest/node';
import { startTestCluster } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URLs of the run's cluster, with `%database%` where the database goes. */
    testPostgres: { owner: string; superuser: string };
  }
}

/** One Postgres for the whole run: see cluster.ts. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startTestCluster();
  project.provide('testPostgres', {
    owner: cluster.urlFor('%database%'),
    superuser: cluster.urlFor('%database%', 'supabase_admin'),
  });
  return cluster.stop;
}
