import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import pg from 'pg';

/**
 * Begins a transaction whose functions may name tables and functions that come later. The limits of the role, which Supabase
 * sets, are for requests. Behind a transaction pooler nothing outlives a transaction, so every setting belongs to it.
 */
export const begin = `begin; set local check_function_bodies = off; set local client_min_messages = warning;
  set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0`;

/** One migrator at a time per database. The number is arbitrary but fixed. */
const lockKey = 4_770_118_201;
const lockBudgetMs = 60_000;

const isLockFailure = (error: unknown) =>
  error instanceof pg.DatabaseError && (error.code === '40P01' || error.code === '55P03');

/** Runs the work in a transaction that no other migrator runs beside. Throws as `inTransaction` does. */
export const inMigration = <T>(client: pg.Client, work: () => Promise<T>): Promise<T> =>
  inTransaction(client, begin, work, `select pg_advisory_xact_lock(${lockKey})`);

/** Runs the work in a transaction that sees one moment and can change nothing. Throws as `inTransaction` does. */
export const inSnapshot = <T>(client: pg.Client, work: () => Promise<T>): Promise<T> =>
  inTransaction(client, 'begin isolation level repeatable read read only', work);

/**
 * Runs the work in a transaction, and rolls back when it throws. It runs again, for a minute, while others keep its locks. It gives up
 * sooner than Postgres looks for deadlocks (after a second), so that no client is the victim of one and none waits long behind it. Every
 * fortieth time it waits longer, because a vacuum makes way only then. Throws `timed_out`.
 */
async function inTransaction<T>(
  client: pg.Client,
  start: string,
  work: () => Promise<T>,
  lock = '',
): Promise<T> {
  const deadline = Date.now() + lockBudgetMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(
        `${start}; set local lock_timeout = '${attempt % 40 === 0 ? '3s' : '300ms'}'; ${lock}`,
      );
      const result = await work();
      await client.query('commit');
      return result;
    } catch (error) {
      // A lost connection rolls back by itself, and its own error says more.
      await client.query('rollback').catch(() => undefined);
      const reason = error instanceof Error && error.cause instanceof pg.DatabaseError ? error.cause : error;
      if (!isLockFailure(reason)) throw error;
      if (Date.now() > deadline) throw await blockedError(client, reason);
      await sleep(50 + Math.random() * 200);
    }
  }
}

export interface Blocker {
  readonly pid: number;
  /** A sentence without a full stop. */
  readonly says: string;
}

/** Names, oldest first, who holds the lock of migrations or a table of `public`. */
export async function findBlockers(client: pg.Client): Promise<Blocker[]> {
  const { rows } = await client.query<Blocker>(
    `select a.pid, format('%s (pid %s) %s, for %s min', coalesce(nullif(concat_ws(' of ', nullif(a.application_name, ''), a.usename), ''), 'somebody'),
       a.pid, case when bool_or(l.locktype = 'advisory') then 'migrates this database' else 'has a transaction open' end,
       ceil(extract(epoch from clock_timestamp() - a.xact_start) / 60)) as says
     from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.granted and a.pid <> pg_backend_pid() and a.datname = current_database() and (
       ((l.classid::bigint << 32) + l.objid::bigint = $1 and l.locktype = 'advisory')
       or l.relation in (select oid from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')))
     group by a.pid, a.application_name, a.usename, a.xact_start order by a.xact_start limit 3`,
    [lockKey],
  );
  return rows;
}

async function blockedError(client: pg.Client, cause: unknown): Promise<HqError> {
  const blockers = await findBlockers(client);
  const who = blockers.map(({ says }) => says).join('; ') || 'they are gone now';
  const [first] = blockers;
  return new HqError('timed_out', `other connections hold what the migration needs: ${who}`, {
    hint: first
      ? `Wait for it or end it (select pg_terminate_backend(${first.pid})), then run hq-db migrate again.`
      : 'Run hq-db migrate again.',
    cause,
  });
}
