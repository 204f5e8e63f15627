import { z } from 'zod';
import { type ApiKeys, kindOfKey, verify } from '../api/tokens.ts';
import type { RowChange } from './change-feed.ts';
import { type Predicate, parseFilter, type Row } from './filter.ts';
import type { PublishedTable } from './published-tables.ts';
import type { Audience } from './visibility.ts';

const binding = z.object({
  event: z
    .string()
    .transform((event) => event.toUpperCase())
    .pipe(z.enum(['INSERT', 'UPDATE', 'DELETE', '*'])),
  schema: z.string().default('public'),
  table: z.string().optional(),
  filter: z.string().max(4096).optional(),
  select: z.array(z.string()).optional(),
});

export const joinPayload = z.looseObject({
  access_token: z.string().nullish(),
  config: z
    .looseObject({ postgres_changes: z.array(z.unknown()).max(100).default([]) })
    .default({ postgres_changes: [] }),
});

/** One entry of a channel's `postgres_changes`. */
export interface Binding extends z.output<typeof binding> {
  readonly id: number;
  /** Entry as the client sent it: the reply repeats it. */
  readonly original: Readonly<Record<string, unknown>>;
}

let lastId = Math.trunc(Math.random() * 1e8);

export function readBindings(entries: readonly unknown[]): readonly Binding[] | undefined {
  const bindings: Binding[] = [];
  for (const entry of entries) {
    const { data } = binding.safeParse(entry);
    const original = z.record(z.string(), z.unknown()).safeParse(entry).data;
    if (!data || !original) return undefined;
    lastId += 1;
    bindings.push({ ...data, id: lastId, original, table: data.table === '*' ? undefined : data.table });
  }
  return bindings;
}

/** Binding on one table with its parsed filter. */
export interface ResolvedBinding {
  readonly binding: Binding;
  readonly matches: Predicate | undefined;
}

/**
 * Resolves a binding for each table that it covers. Returns undefined for a table that is not published or that the audience
 * may not read, and for an invalid filter.
 */
export function resolve(
  entry: Binding,
  tables: readonly PublishedTable[],
  audience: Audience,
): ReadonlyMap<PublishedTable, ResolvedBinding> | undefined {
  const covered = tables.filter(
    ({ schema, name }) => (entry.schema === '*' || entry.schema === schema) && (entry.table ?? name) === name,
  );
  const readable = covered.filter(({ key, readable: columns }) =>
    key.every((name) => columns[audience.role]?.includes(name)),
  );
  if (readable.length === 0) return undefined;
  const wanted = new Map<PublishedTable, ResolvedBinding>();
  for (const table of readable) {
    // A filter reveals the values of its column: the audience must be allowed to read it.
    const columns = table.columns.filter(({ name }) => table.readable[audience.role]?.includes(name));
    const matches = entry.filter ? sharedPredicate(table, audience.role, entry.filter, columns) : undefined;
    if (entry.filter && !matches) return undefined;
    wanted.set(table, { binding: entry, matches });
  }
  return wanted;
}

const mostSharedPredicates = 2_000;
const predicates = new WeakMap<PublishedTable, Map<string, Predicate | undefined>>();

/** Parses a filter. The same filter of several subscribers is one predicate, whose result is computed once for each row. */
function sharedPredicate(
  table: PublishedTable,
  role: string,
  filter: string,
  columns: PublishedTable['columns'],
): Predicate | undefined {
  const ofTable = predicates.get(table) ?? new Map<string, Predicate | undefined>();
  predicates.set(table, ofTable);
  const key = `${role} ${filter}`;
  if (!ofTable.has(key)) {
    // Subscribers that have left leave theirs behind.
    if (ofTable.size >= mostSharedPredicates) ofTable.clear();
    ofTable.set(key, parseFilter(filter, columns));
  }
  return ofTable.get(key);
}

const results = new WeakMap<RowChange, Map<Predicate, boolean>>();

export function matchesChange({ binding: { event }, matches }: ResolvedBinding, change: RowChange): boolean {
  if (event !== '*' && event !== change.type) return false;
  if (matches === undefined) return true;
  const ofChange = results.get(change) ?? new Map<Predicate, boolean>();
  results.set(change, ofChange);
  const result = ofChange.get(matches) ?? matches(change.row);
  ofChange.set(matches, result);
  return result;
}

/** Returns the `data` of a postgres_changes message as JSON. The old row has its key alone, as the triggers send it. */
export function describeChange({ table, type, at, row }: RowChange, visible: readonly string[]): string {
  const columns = table.columns.filter(({ name }) => visible.includes(name));
  const pick = (names: readonly string[]): Row =>
    Object.fromEntries(
      names.filter((name) => name in row && visible.includes(name)).map((name) => [name, row[name]]),
    );
  return JSON.stringify({
    schema: table.schema,
    table: table.name,
    type,
    commit_timestamp: at,
    columns: columns.map(({ name, type: typeName }) => ({ name, type: typeName })),
    ...(type !== 'DELETE' && { record: pick(columns.map(({ name }) => name)) }),
    ...(type !== 'INSERT' && { old_record: pick(table.key) }),
    errors: null,
  });
}

/** Returns the audience of a token; without one, that of the key that opened the socket. */
export async function audienceOf(
  token: string | null | undefined,
  key: string,
  keys: ApiKeys,
): Promise<Audience> {
  const effective = !token || token.startsWith('sb_') ? key : token;
  const kind = kindOfKey(effective, keys);
  if (kind) {
    const role = kind === 'secret' ? 'service_role' : 'anon';
    return { role, claims: { role } };
  }
  const claims = await verify(effective, keys.jwtSecret);
  const role = z.enum(['anon', 'authenticated', 'service_role']).parse(claims.role);
  return { role, claims };
}
