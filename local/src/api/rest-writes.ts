import type { AnyAST } from '@supabase/lite';
import {
  ColumnUpdateNode,
  InsertQueryNode,
  type KyselyPlugin,
  OnConflictNode,
  ReferenceNode,
  TableNode,
} from 'kysely';

interface Column {
  readonly name: string;
  /** As in `pg_type`; that of an array begins with `_`. */
  readonly pg_type?: string | undefined;
}

/**
 * Returns the rows of a request as PostgREST writes them. A column that the request names and a row lacks is null, or the default
 * where the client asks for it. Lists and objects are JSON in columns of text too.
 */
export function valuesToWrite(
  values: NonNullable<AnyAST['values']>,
  meta: AnyAST['$meta'],
  columns: readonly Column[],
): NonNullable<AnyAST['values']> {
  const typeOf = new Map(columns.map(({ name, pg_type }) => [name, pg_type ?? '']));
  const absent = meta?.missing === 'default' ? undefined : null;
  const named = Object.fromEntries((meta?.columns ?? []).map((name) => [name, absent]));
  const written = (row: object): object =>
    Object.fromEntries(
      Object.entries({ ...named, ...row }).map(([name, value]: [string, unknown]) => [
        name,
        isJson(value, typeOf.get(name) ?? '') ? new JsonValue(value) : value,
      ]),
    );
  return Array.isArray(values) ? values.map(written) : written(values);
}

function isJson(value: unknown, type: string): boolean {
  if (value === null || value === undefined) return false;
  return /^jsonb?$/.test(type) || (typeof value === 'object' && !type.startsWith('_'));
}

/** Tells node-postgres how to serialize a JSON value: it would write an array as Postgres writes one, and a string as bare text. */
class JsonValue {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  toPostgres(): string {
    return JSON.stringify(this.#value);
  }
}

/** An upsert sets every column that it inserts, those of the key too, as PostgREST's does. @supabase/lite sets the others of the first row. */
export const upsertSetsEveryColumn: KyselyPlugin = {
  transformQuery({ node }) {
    if (!InsertQueryNode.is(node) || !node.onConflict?.updates) return node;
    const excluded = TableNode.create('excluded');
    const updates = (node.columns ?? []).map((column) =>
      ColumnUpdateNode.create(column, ReferenceNode.create(column, excluded)),
    );
    return InsertQueryNode.cloneWith(node, {
      onConflict: OnConflictNode.cloneWith(node.onConflict, { updates }),
    });
  },
  transformResult: ({ result }) => Promise.resolve(result),
};
