import { setTimeout as sleep } from 'node:timers/promises';
import { openRealtime } from '../realtime/realtime.ts';
import { apiKeyOf } from './api-key-of.ts';
import { openPool } from './pool.ts';
import { type RestAndAuthOptions, restAndAuth } from './rest-and-auth.ts';
import { serveApi } from './server.ts';
import { type ApiKeys, kindOfKey } from './tokens.ts';

export { apiKeysFor } from './tokens.ts';

export interface LocalApi {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface LocalApiOptions {
  /** Connects as a role that may become `hq_api`; see api-role.sql. */
  readonly databaseUrl: string;
  readonly keys: ApiKeys;
  /** 0 chooses a free port. */
  readonly port: number;
  readonly jwtExpirySeconds?: number;
  readonly onError?: NonNullable<RestAndAuthOptions['onError']>;
}

/** Serves REST, auth and Realtime of a migrated database on one loopback port. */
export async function startLocalApi(options: LocalApiOptions): Promise<LocalApi> {
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
      isKnown: (request) => kindOfKey(apiKeyOf(request), keys) !== undefined,
      fetch: api.fetch,
      upgrade: realtime.upgrade,
    });
    return {
      url: `http://127.0.0.1:${server.port}`,
      port: server.port,
      close: async () => {
        await withinBound(realtime.close());
        await server.close();
        await withinBound(Promise.all([pool.end(), realtimePool.end()]));
      },
    };
  } catch (error) {
    await withinBound(realtime.close());
    await withinBound(Promise.all([pool.end(), realtimePool.end()]));
    throw error;
  }
}

/** Waits two seconds at most: a hanging database must not block the stop. */
async function withinBound(closing: Promise<unknown>): Promise<void> {
  const bound = new AbortController();
  await Promise.race([closing, sleep(2_000, undefined, { signal: bound.signal }).catch(() => undefined)]);
  bound.abort();
}
