import { connect } from '@hq/shared/client';
import { z } from 'zod';
import type { Envelopes } from './rekey.ts';

const storedEnvelopes = z.array(z.object({ id: z.string(), encrypted_value: z.string() }));
const secretNames = z.array(
  z.object({
    id: z.string(),
    key: z.string(),
    gateway: z.object({ slug: z.string() }).nullable(),
    agent: z.object({ slug: z.string() }).nullable(),
  }),
);

/** A secret by its names. */
export interface NamedSecret {
  readonly id: string;
  readonly key: string;
  readonly gateway: string | null;
  readonly agent: string | null;
}

export interface HostEnvelopes extends Envelopes {
  /** Records the end, and lets the runners read again. */
  finish(): Promise<void>;
  names(ids: readonly string[]): Promise<readonly NamedSecret[]>;
  close(): Promise<void>;
}

/** Milliseconds; a page of large values takes longer than other requests of a client. */
const timeoutMs = 60_000;

/**
 * The stored envelopes of every tenant. Only the service role reads them: a client uses its key for this alone, on the host, which
 * has the key anyway. `actor` is recorded as the author.
 */
export function hostEnvelopes(url: string, serviceRoleKey: string, actor: string): HostEnvelopes {
  const client = connect({ url, anonKey: serviceRoleKey, timeoutMs });
  const { supabase } = client;
  const replace = (rows: readonly object[], isLast: boolean): Promise<unknown> =>
    client.askAgain<unknown>(() =>
      supabase.rpc('replace_envelopes', {
        p_rows: z.json().parse(rows),
        p_actor: actor,
        p_last: isLast,
      }),
    );
  return {
    page: async (after, limit) =>
      storedEnvelopes.parse(
        await client.askAgain<unknown>(() =>
          supabase.rpc('secret_envelopes', { p_after: after, p_limit: limit }),
        ),
      ),
    replace: async (rows) => z.array(z.string()).parse(await replace(rows, false)),
    finish: async () => void (await replace([], true)),
    names: async (ids) => {
      if (ids.length === 0) return [];
      const rows = await client.askAgain<unknown>(() =>
        supabase
          .from('secrets')
          .select('id, key, gateway:gateways(slug), agent:agents(slug)')
          .in('id', [...ids])
          .order('key'),
      );
      return secretNames.parse(rows).map(({ id, key, gateway, agent }) => ({
        id,
        key,
        gateway: gateway?.slug ?? null,
        agent: agent?.slug ?? null,
      }));
    },
    close: () => client.close(),
  };
}
