import { randomBytes, randomUUID } from 'node:crypto';
import type { Role } from '@hq/shared/actions';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { withConnection } from '../../db/src/connection.ts';
import { cloneDatabase, type TestDatabase } from '../../db/testing/database.ts';
import { type LocalApiOptions, startLocalApi } from '../src/api/local-api.ts';
import { prepareApi } from '../src/api/prepare-api.ts';
import { type ApiKeys, apiKeysFor } from '../src/api/tokens.ts';
import { createMember } from '../src/member.ts';
import { installTriggers } from '../src/realtime/change-feed.ts';

export interface StackMember {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

/** A separate database with REST, auth and Realtime in this process. */
export interface TestStack extends ApiKeys {
  readonly url: string;
  readonly port: number;
  readonly database: TestDatabase;
  /** Creates a user who can sign in; with a role, a member of the tenant (by default the nil tenant). */
  createMember(role: Role | null, options?: { tenant?: string; email?: string }): Promise<StackMember>;
  /** Returns a client of supabase-js, signed in as that member or with one of the keys. */
  clientOf(who: StackMember | 'anon' | 'service'): Promise<SupabaseClient>;
  /** Stops the API as if its process had exited; `startApi` starts it again on the same port. */
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  close(): Promise<void>;
}

/** Call this in `beforeAll`, and `close` in `afterAll`. */
export async function startTestStack(
  options: Partial<Pick<LocalApiOptions, 'jwtExpirySeconds' | 'onError'>> = {},
): Promise<TestStack> {
  const database = await cloneDatabase();
  await withConnection(database.superuserUrl, prepareApi);
  await withConnection(database.url, installTriggers);
  const keys = await apiKeysFor(randomBytes(32).toString('hex'));
  const start = (port: number) => startLocalApi({ databaseUrl: database.url, keys, port, ...options });
  let api = await start(0);
  const clients: SupabaseClient[] = [];

  return {
    ...keys,
    url: api.url,
    port: api.port,
    database,
    createMember: async (role, { tenant, email = `${randomUUID()}@example.test` } = {}) => {
      const password = randomBytes(16).toString('hex');
      const id = await withConnection(database.url, (client) =>
        createMember(client, {
          email,
          password,
          role: role ?? undefined,
          ...(tenant !== undefined && { tenantId: tenant }),
        }),
      );
      return { id, email, password };
    },
    clientOf: async (who) => {
      const key = who === 'service' ? keys.serviceRoleKey : keys.anonKey;
      const client = createClient(api.url, key, { auth: { persistSession: false, autoRefreshToken: false } });
      clients.push(client);
      if (typeof who === 'object') {
        const { error } = await client.auth.signInWithPassword(who);
        if (error) throw error;
      }
      await client.realtime.setAuth();
      return client;
    },
    stopApi: () => api.close(),
    startApi: async () => {
      api = await start(api.port);
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.realtime.disconnect()));
      await api.close();
      await database.drop();
    },
  };
}
