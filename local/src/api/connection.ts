import type { AnyAST, ConnectionContextOptions, VarsContext } from '@supabase/lite';
import { PostgresConnection } from '@supabase/lite/postgres';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import { ConnectionQuota } from './connection-quota.ts';
import { connectFrom, kyselyOn } from './pool.ts';
import { requestScope } from './request-scope.ts';
import { asPostgrest } from './rest-errors.ts';
import { upsertSetsEveryColumn, valuesToWrite } from './rest-writes.ts';
import { inTransaction } from './transaction.ts';

/** Roles that a token may name; any other, such as a superuser, is refused. */
const requestRoles: readonly string[] = ['anon', 'authenticated', 'service_role'];

/** Bytes of an answer by role. The one thread parses all of it, and a nested select can multiply the rows of tables. */
const answerBytes: Readonly<Record<string, number>> & { readonly anon: number } = {
  anon: 1024 * 1024,
  authenticated: 8 * 1024 * 1024,
  service_role: Number.POSITIVE_INFINITY,
};

/** Statement timeout of clients, as on Supabase. The service role has the pool's limit. */
const clientStatementMs = 8_000;

/**
 * Corrects @supabase/lite's connection: it uses node-postgres, which survives a restart of the server; it grants
 * nothing; it sets a request's role and claims in one round trip; it writes rows and answers errors as PostgREST does; and
 * a schema that could not be read is an error, not an empty schema.
 */
export class LocalConnection extends PostgresConnection {
  readonly #share = new ConnectionQuota();
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    // The driver of this URL never connects, since `kysely` is replaced.
    super({ url: 'postgres://127.0.0.1:1/unused' });
    this.#pool = pool;
    this.kysely = kyselyOn(() => connectFrom(pool));
  }

  override async introspect(options?: { useCache?: boolean }): ReturnType<PostgresConnection['introspect']> {
    const result = await super.introspect(options);
    if (this.introspection !== result) throw databaseError('57P03', 'the schema could not be read');
    return result;
  }

  override async withContext<T>(
    vars: VarsContext | undefined,
    work: Parameters<PostgresConnection['withContext']>[1],
    options?: ConnectionContextOptions,
  ): Promise<T>;
  override async withContext<T>(
    vars: VarsContext | undefined,
    work: (database: Kysely<unknown>) => Promise<T>,
    options: ConnectionContextOptions = {},
  ): Promise<T> {
    const caller = callerOf(vars);
    const begin = `BEGIN; SELECT ${contextOf(caller, options)
      .map(([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`)
      .join(', ')}`;
    const name = caller.role === 'service_role' ? undefined : (caller.uid ?? caller.role);
    const end = options.forceRollback ? 'ROLLBACK' : 'COMMIT';
    const scope = requestScope.getStore();
    if (scope) scope.isAnonymous = caller.role === 'anon';
    const mostBytes = answerBytes[caller.role] ?? answerBytes.anon;
    return this.#share.run(name, () => {
      if (scope?.isGone()) throw databaseError('57014', 'the client is gone');
      return inTransaction({ pool: this.#pool, begin, end, mostBytes }, (database) =>
        work(database.withPlugin(upsertSetsEveryColumn)),
      );
    });
  }

  override async onPostgrestAST(ast: AnyAST): Promise<AnyAST> {
    const checked = await super.onPostgrestAST(ast);
    if (!checked.values) return checked;
    const { columns } = await this.introspect({ useCache: true });
    const ofTable = columns.filter(
      ({ table, schema }) => table === ast.from && schema === (ast.schema ?? 'public'),
    );
    return { ...checked, values: valuesToWrite(checked.values, checked.$meta, ofTable) };
  }

  override normalizeDbError(error: unknown): unknown {
    return asPostgrest(error, requestScope.getStore()?.isAnonymous === true);
  }
}

/** Returns an error that looks like one of Postgres. */
function databaseError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

const requester = z.object({
  auth: z
    .object({
      uid: z.string().nullish(),
      role: z.string().nullish(),
      jwt: z.record(z.string(), z.unknown()).nullish(),
    })
    .nullish(),
});

interface RequestCaller {
  readonly role: string;
  readonly uid: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

function callerOf(vars: VarsContext | undefined): RequestCaller {
  const auth = requester.parse(vars ?? {}).auth;
  const role = auth?.role || 'anon';
  if (!requestRoles.includes(role)) {
    throw databaseError('42501', 'permission denied to set role');
  }
  return { role, uid: auth?.uid || undefined, claims: auth?.jwt ?? { role } };
}

/** Returns the settings of one request, local to its transaction. */
function contextOf(
  { role, uid, claims }: RequestCaller,
  { rpc }: ConnectionContextOptions,
): [string, string][] {
  const settings: [string, string][] = [
    ['role', role],
    ['request.jwt.claims', JSON.stringify(claims)],
    ['request.jwt.claim.sub', uid ?? ''],
    ['request.jwt.claim.role', role],
  ];
  if (role !== 'service_role') settings.push(['statement_timeout', String(clientStatementMs)]);
  if (!rpc) return settings;
  return [
    ...settings,
    ['request.method', rpc.method],
    ['request.path', rpc.path],
    ['request.headers', JSON.stringify(rpc.requestHeaders ?? {})],
    ['transaction_read_only', rpc.readOnly ? 'on' : 'off'],
  ];
}
