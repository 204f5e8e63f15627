import { withConnection } from './connection.ts';
import { migrationState } from './migrate.ts';
import { findBreaches } from './schema-rules.ts';

/** Returns one sentence for each difference from this release and each broken rule; none for a correct database. Changes nothing. */
export async function verify(databaseUrl: string): Promise<string[]> {
  const state = await migrationState(databaseUrl);
  const faults = [
    ...(state.newerRelease === null
      ? []
      : [`functions and rights were applied by hq-db ${state.newerRelease}`]),
    ...state.unknown.map((name) => `${name} was applied by a newer hq-db`),
    ...state.changed.map((name) => `${name} was edited after it was applied`),
    ...state.pending.map((name) => `${name} is not applied`),
    ...state.outdated.map((name) => `${name} has changed since it was applied`),
    ...state.policy.map(({ action, how }) => `the action ${action} is ${how} in the database`),
    ...state.platforms.map(({ platform, how }) => `the chat platform ${platform} is ${how} in the database`),
  ];
  if (state.pending.length > 0) return faults;
  return [...faults, ...(await withConnection(databaseUrl, findBreaches))];
}
