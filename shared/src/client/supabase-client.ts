import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Database } from '../database.generated.ts';
import { backoffMs } from '../program/backoff.ts';
import { OwnWebSocket } from '../program/port-owner.ts';
import type { Address } from './address.ts';
import { fetchWithTimeout } from './fetch-with-timeout.ts';
import { isShared, type SessionStorage } from './session-storage.ts';
import { keepNewest, sessionKey, withSharedRefresh } from './shared-refresh.ts';

const reconnect = { firstMs: 250, longestMs: 5_000 };
/** A connection without an answer for this long counts as lost. */
const heartbeatMs = 10_000;

export interface SupabaseOptions {
  readonly address: Address;
  readonly anonKey: string;
  readonly storage: SessionStorage;
  /** Milliseconds for one HTTP request. */
  readonly timeoutMs: number;
}

/** Creates a supabase-js client whose requests have a time limit and whose session other programs may share. */
export function createSupabaseClient(options: SupabaseOptions): SupabaseClient<Database> {
  const { address, anonKey, storage, timeoutMs } = options;
  let renewal: Promise<string | null> | null = null;
  const renew = (): Promise<string | null> => {
    renewal ??= supabase.auth
      .refreshSession()
      .then(({ data }) => data.session?.access_token ?? null)
      .finally(() => {
        renewal = null;
      });
    return renewal;
  };
  const send = fetchWithTimeout(renew, timeoutMs);
  const supabase = createClient<Database>(address.url, anonKey, {
    db: { retry: false },
    global: { fetch: isShared(storage) ? withSharedRefresh(send, storage) : send },
    auth: {
      storage: isShared(storage) ? keepNewest(storage) : storage,
      storageKey: sessionKey,
      autoRefreshToken: true,
      persistSession: true,
      detectSessionInUrl: false,
    },
    realtime: {
      transport: OwnWebSocket,
      heartbeatIntervalMs: heartbeatMs,
      reconnectAfterMs: (tries: number) => backoffMs(tries, reconnect),
    },
  });
  return supabase;
}
