import pg from 'pg';
import type { Claims } from '../api/tokens.ts';
import type { RowChange } from './change-feed.ts';
import type { Row } from './filter.ts';
import type { PublishedTable } from './published-tables.ts';

/** Subscribers that may see the same rows: their tokens are equal except for ids and times. */
export interface Audience {
  readonly role: string;
  readonly claims: Claims;
}

export function audienceKey({ claims }: Audience): string {
  const { iat: _issued, exp: _expires, session_id: _session, amr: _methods, jti: _id, ...rest } = claims;
  return JSON.stringify(rest);
}

export type Visibility = ReturnType<typeof visibilityOf>;

/** Asks the database, whose policies decide, in one round trip for all changes. */
export function visibilityOf(pool: pg.Pool) {
  return {
    /** Returns the changes that the audience may see: it can read the row now, or a deleted row was its tenant's. */
    async visibleTo(
      { role, claims }: Audience,
      changes: readonly RowChange[],
    ): Promise<ReadonlySet<RowChange>> {
      if (role === 'service_role') return new Set(changes);
      const groups = groupByTable(
        role === 'anon' ? changes.filter(({ type }) => type !== 'DELETE') : changes,
      );
      const results = await asRole(
        pool,
        role,
        claims,
        groups.flatMap(({ table, rows, deleted }) => [
          ...(rows.length > 0 ? [selectKeys(table, rows)] : []),
          ...(deleted.length > 0 ? [selectOwnTenant()] : []),
        ]),
      );
      const seen = new Set<RowChange>();
      let at = 0;
      for (const { table, rows, deleted } of groups) {
        if (rows.length > 0) {
          const keys = new Set(results[at++]?.rows.map((row) => keyOf(table, row)));
          for (const change of rows) if (keys.has(keyOf(table, change.row))) seen.add(change);
        }
        if (deleted.length > 0) {
          const tenant: unknown = results[at++]?.rows[0]?.tenant;
          for (const change of deleted) if (tenant && change.tenant === tenant) seen.add(change);
        }
      }
      return seen;
    },

    /** Completes changes that came by key alone; leaves out those whose row is gone. */
    async withWholeRows(changes: readonly RowChange[]): Promise<readonly RowChange[]> {
      const partial = changes.filter((change) => !change.isWhole && change.type !== 'DELETE');
      if (partial.length === 0) return changes;
      const groups = groupByTable(partial);
      const results = await asRole(
        pool,
        'service_role',
        { role: 'service_role' },
        groups.map(({ table, rows }) => selectWhole(table, rows)),
      );
      const rowOf = new Map<RowChange, Row>();
      groups.forEach(({ table, rows }, at) => {
        const byKey = new Map(results[at]?.rows.map((row) => [keyOf(table, row.whole), row.whole]));
        for (const change of rows) {
          const whole = byKey.get(keyOf(table, change.row));
          if (whole) rowOf.set(change, whole);
        }
      });
      return changes.flatMap((change) => {
        if (change.isWhole || change.type === 'DELETE') return [change];
        const row = rowOf.get(change);
        return row ? [{ ...change, row, isWhole: true }] : [];
      });
    },
  };
}

interface TableChanges {
  readonly table: PublishedTable;
  readonly rows: RowChange[];
  readonly deleted: RowChange[];
}

function groupByTable(changes: readonly RowChange[]): readonly TableChanges[] {
  const groups = new Map<PublishedTable, TableChanges>();
  for (const change of changes) {
    const group = groups.get(change.table) ?? { table: change.table, rows: [], deleted: [] };
    groups.set(change.table, group);
    (change.type === 'DELETE' ? group.deleted : group.rows).push(change);
  }
  return [...groups.values()];
}

/** Sends all statements as one message, and so in one transaction and one round trip. */
async function asRole(
  pool: pg.Pool,
  role: string,
  claims: Claims,
  statements: readonly string[],
): Promise<readonly pg.QueryResult[]> {
  const context = `select set_config('role', ${pg.escapeLiteral(role)}, true),
    set_config('request.jwt.claims', ${pg.escapeLiteral(JSON.stringify(claims))}, true)`;
  const results: unknown = await pool.query([context, ...statements].join(';\n'));
  return Array.isArray(results) ? results.slice(1) : [];
}

function selectKeys(table: PublishedTable, changes: readonly RowChange[]): string {
  const columns = table.key.map((name) => `${pg.escapeIdentifier(name)}::text`).join(', ');
  return `select ${columns} from ${nameOf(table)} where ${isOneOf(table, changes)}`;
}

function selectWhole(table: PublishedTable, changes: readonly RowChange[]): string {
  const columns = table.columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ');
  return `select to_json(t) as whole from (select ${columns} from ${nameOf(table)} where ${isOneOf(table, changes)}) t`;
}

function selectOwnTenant(): string {
  return `select case when public.whoami() ->> 'role' is not null then public.current_tenant_id()::text end as tenant`;
}

function isOneOf({ key, columns }: PublishedTable, changes: readonly RowChange[]): string {
  const names = key.map((name) => pg.escapeIdentifier(name)).join(', ');
  const typed = key.map((name) => {
    const type = columns.find((column) => column.name === name)?.type ?? 'text';
    return (row: Row) => `${pg.escapeLiteral(String(row[name]))}::${pg.escapeIdentifier(type)}`;
  });
  const values = new Set(changes.map(({ row }) => `(${typed.map((write) => write(row)).join(', ')})`));
  return `(${names}) in (${[...values].join(', ')})`;
}

function nameOf({ schema, name }: PublishedTable): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
}

function keyOf({ key }: PublishedTable, row: Row): string {
  return JSON.stringify(key.map((name) => String(row[name])));
}
