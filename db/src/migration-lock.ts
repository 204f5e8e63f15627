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
/** Postgres makes a client the victim of a deadlock after it has waited for a second. */
const lockAllMs = 800;

/** The tables could not be locked in time. */
class LocksTakenError extends Error {}

const isLockFailure = (error: unknown) =>
  error instanceof LocksTakenError ||
  (error instanceof pg.DatabaseError && (error.code === '40P01' || error.code === '55P03'));

/** Runs the work in a transaction that no other migrator runs beside. Throws as `inTransaction` does. */
export const inMigration = <T>(client: pg.Client, work: () => Promise<T>): Promise<T> =>
  inTransaction(client, begin, work, `select pg_advisory_xact_lock(${lockKey})`);

/** Runs the work in a transaction that sees one moment and can change nothing. Throws as `inTransaction` does. */
export const inSnapshot = <T>(client: pg.Client, work: () => Promise<T>): Promise<T> =>
  inTransaction(client, 'begin isolation level repeatable read read only', work);

/** Runs the work in a transaction, and rolls back when it throws. It runs again, for a minute, while others keep its locks. Throws `timed_out`. */
async function inTransaction<T>(
  client: pg.Client,
  start: string,
  work: () => Promise<T>,
  lock = '',
): Promise<T> {
  const deadline = Date.now() + lockBudgetMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A deadlock ends at the short limit, a long statement of a client before the long one.
      await client.query(`${start}; set local lock_timeout = ${attempt % 3 === 0 ? 300 : 50}; ${lock}`);
      const result = await work();
      await client.query('commit');
      return result;
    } catch (error) {
      // A lost connection rolls back by itself, and its own error says more.
      await client.query('rollback').catch(() => undefined);
      const cause = error instanceof Error ? error.cause : undefined;
      if (!isLockFailure(error) && !isLockFailure(cause)) throw error;
      if (Date.now() > deadline) throw await blockedError(client, error);
      await stopVacuum(client);
      await sleep(20 + Math.random() * 80);
    }
  }
}

const ownTables = `select c.oid, format('%I.%I', c.relnamespace::regnamespace, c.relname) as name from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and pg_has_role(c.relowner, 'usage')`;

/**
 * Locks every table of `public` at once, as the first thing of a transaction, in less than the second after which Postgres would look for
 * deadlocks: no client becomes the victim of one, and none waits long behind a migrator that waits. The order is another one each time,
 * because no order suits all clients.
 */
export async function lockTables(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ tables: string | null }>(
    `select string_agg(t.name, ', ' order by random()) as tables from (${ownTables}) t`,
  );
  const tables = rows[0]?.tables ?? null;
  if (tables === null) return;
  await client.query(`set local statement_timeout = ${lockAllMs}`);
  try {
    await client.query(`lock table ${tables} in access exclusive mode`);
  } catch (cause) {
    const isOutOfTime = cause instanceof pg.DatabaseError && cause.code === '57014';
    throw isOutOfTime ? new LocksTakenError(cause.message, { cause }) : cause;
  }
  await client.query('set local statement_timeout = 0');
}

/**
 * Has an automatic vacuum make way, which it does for whoever waits for its table longer than a second. Nothing else is held
 * meanwhile, so that no client can be part of a deadlock.
 */
async function stopVacuum(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select t.name from (${ownTables}) t where exists (
       select from pg_locks l where l.relation = t.oid and l.granted and l.mode = 'ShareUpdateExclusiveLock'
         and l.database = (select oid from pg_database where datname = current_database()))`,
  );
  for (const { name } of rows) {
    await client
      .query(`${begin}; set local lock_timeout = '3s'; lock table ${name} in share update exclusive mode`)
      .catch(() => undefined);
    await client.query('rollback');
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
