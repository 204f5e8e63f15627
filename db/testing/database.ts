import { randomBytes, randomUUID } from 'node:crypto';
import type { Role } from '@hq/shared/actions';
import pg from 'pg';
import { inject } from 'vitest';
import { freshProject, runStatements } from '../../local/testing/scratch-postgres.ts';
import { migratedTemplate } from './cluster.ts';

export const nilTenant = '00000000-0000-0000-0000-000000000000';

/** Somebody who asks the API for something: the database role and the claims of the token. */
export interface Caller {
  readonly role: 'anon' | 'authenticated' | 'service_role';
  readonly claims: Readonly<Record<string, unknown>>;
}

export const anon: Caller = { role: 'anon', claims: { role: 'anon' } };
export const service: Caller = { role: 'service_role', claims: { role: 'service_role' } };

/** A database of its own for one test file. */
export interface TestDatabase {
  /** As the owner of HQ's schema, who is no superuser. */
  readonly url: string;
  readonly superuserUrl: string;
  /** Runs as the owner. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs in one transaction as this caller, as PostgREST does it. */
  as<Row extends pg.QueryResultRow>(caller: Caller, sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs as the superuser with triggers off. */
  behindTheGuard(sql: string, values?: readonly unknown[]): Promise<pg.QueryResultRow[]>;
  /** A new user; with a role, a member of the tenant. */
  addUser(member: { role: Role | null; tenant?: string; email?: string }): Promise<Caller & { id: string }>;
  /** A new tenant with a gateway named `default`. */
  addTenant(slug: string): Promise<{ id: string; gateway: string }>;
  addGateway(slug: string, tenant?: string): Promise<string>;
  addAgent(slug: string, gateway: string | null, tenant?: string): Promise<string>;
  /** Closes the connections and keeps the database as a template for `cloneDatabase`. Returns its name. */
  keep(): Promise<string>;
  drop(): Promise<void>;
}

const asSuperuser = (statement: string) =>
  runStatements(inject('testPostgres').superuser.replace('%database%', 'postgres'), statement);

/**
 * Clones the migrated template (a fresh, unmigrated project, or a template of `keep`) in about 0.15 s. Call it in `beforeAll`, and
 * `drop` in `afterAll`.
 */
export async function cloneDatabase(
  from: 'migrated' | 'fresh' | { readonly template: string } = 'migrated',
): Promise<TestDatabase> {
  const name = `hq_${randomBytes(6).toString('hex')}`;
  const template =
    typeof from === 'object' ? from.template : from === 'migrated' ? migratedTemplate : freshProject;
  await asSuperuser(`create database ${name} owner postgres template ${template}`);
  const urls = inject('testPostgres');
  const url = urls.owner.replace('%database%', name);
  const superuserUrl = urls.superuser.replace('%database%', name);
  const pool = new pg.Pool({ connectionString: url, max: 8 });
  const superuser = new pg.Pool({ connectionString: superuserUrl, max: 1 });

  const inTransaction = async <T>(from: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await from.connect();
    try {
      await client.query('begin');
      const answer = await work(client);
      await client.query('commit');
      return answer;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };
  const one = async (sql: string, values: readonly unknown[]): Promise<string> => {
    const { rows } = await pool.query<{ id: string }>(sql, [...values]);
    const [row] = rows;
    if (row === undefined) throw new Error(`no row from: ${sql}`);
    return row.id;
  };

  const database: TestDatabase = {
    url,
    superuserUrl,
    query: async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...values])).rows,
    as: <Row extends pg.QueryResultRow>(caller: Caller, sql: string, values: readonly unknown[] = []) =>
      inTransaction(pool, async (client) => {
        await client.query(
          `select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)`,
          [JSON.stringify(caller.claims), caller.role],
        );
        return (await client.query<Row>(sql, [...values])).rows;
      }),
    behindTheGuard: (sql, values = []) =>
      inTransaction(superuser, async (client) => {
        await client.query(`set local session_replication_role = replica`);
        return (await client.query(sql, [...values])).rows;
      }),
    addUser: async ({ role, tenant = nilTenant, email = `${randomUUID()}@example.test` }) => {
      const id = await one(
        `insert into auth.users (id, email, raw_app_meta_data) values (gen_random_uuid(), $1, $2) returning id`,
        [email, JSON.stringify(tenant === nilTenant ? {} : { tenant_id: tenant })],
      );
      if (role !== null) {
        await pool.query(`insert into public.tenant_members (tenant_id, user_id, role) values ($1, $2, $3)`, [
          tenant,
          id,
          role,
        ]);
      }
      return {
        id,
        role: 'authenticated',
        claims: { role: 'authenticated', sub: id, email, app_metadata: { tenant_id: tenant } },
      };
    },
    addTenant: async (slug) => {
      const id = await one(`insert into public.tenants (name, slug) values ($1, $1) returning id`, [slug]);
      return { id, gateway: await database.addGateway('default', id) };
    },
    addGateway: (slug, tenant = nilTenant) =>
      one(
        `insert into public.gateways (tenant_id, slug, label, status) values ($1, $2, $2, 'ready') returning id`,
        [tenant, slug],
      ),
    addAgent: (slug, gateway, tenant = nilTenant) =>
      one(
        `insert into public.agents (tenant_id, gateway_id, slug, name, status) values ($1, $2, $3, $3, 'ready') returning id`,
        [tenant, gateway, slug],
      ),
    keep: async () => {
      await Promise.all([pool.end(), superuser.end()]);
      return name;
    },
    drop: async () => {
      await Promise.all([pool.end(), superuser.end()]);
      // The pools' own connections may take a moment to be gone; a plain drop waits for them, a forced one breaks them.
      await asSuperuser(`drop database ${name}`).catch(() =>
        asSuperuser(`drop database ${name} with (force)`),
      );
    },
  };
  return database;
}
