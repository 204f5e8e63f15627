import { withinLimit } from '@hq/shared/program';
import { openRealtime } from '../realtime/realtime.ts';
import { openPool } from './pool.ts';
import { limitsOf } from './request-limits.ts';
import { type RestAndAuthOptions, restAndAuth } from './rest-and-auth.ts';
import { serveApi } from './server.ts';
import type { ApiKeys } from './tokens.ts';

export { apiKeysFor } from './tokens.ts';

export interface LocalApiOptions {
  /** Connects as a role that may become `hq_api`; see api-role.sql. */
  readonly databaseUrl: string;
  readonly keys: ApiKeys;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly jwtExpirySeconds?: number;
  readonly onError?: NonNullable<RestAndAuthOptions['onError']>;
}

/** Longest wait for a hanging database, which must not block the stop. */
const closeMs = 2_000;

/** Serves REST, auth and Realtime of a migrated database on one loopback port. */
export async function startLocalApi(options: LocalApiOptions) {
  const { databaseUrl, keys, port, jwtExpirySeconds, onError } = options;
  const pool = openPool(databaseUrl, 'requests');
  const realtimePool = openPool(databaseUrl, 'realtime');
  const api = restAndAuth({
    pool,
    keys,
    ...(jwtExpirySeconds !== undefined && { jwtExpirySeconds }),
    ...(onError && { onError }),
  });
  const realtime = openRealtime({
    pool: realtimePool,
    databaseUrl,
    keys,
    onSchemaChange: () => void api.forgetSchema(),
  });
  try {
    await Promise.all([api.warmUp(), realtime.ready]);
    const server = await serveApi({
      port,
      limitsOf: (request) => limitsOf(request, keys),
      fetch: api.fetch,
      upgrade: realtime.upgrade,
    });
    return {
      url: `http://127.0.0.1:${server.port}`,
      port: server.port,
      close: async (): Promise<void> => {
        await withinLimit(closeMs, realtime.close());
        await server.close();
        await withinLimit(closeMs, Promise.all([pool.end(), realtimePool.end()]));
      },
    };
  } catch (error) {
    await withinLimit(closeMs, Promise.all([realtime.close(), pool.end(), realtimePool.end()]));
    throw error;
  }
}
