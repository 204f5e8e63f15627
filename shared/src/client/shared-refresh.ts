import { z } from 'zod';
import type { SharedStorage } from './session-storage.ts';

/** The auth client's key for its session. */
export const sessionKey = 'session';

const storedSession = z.looseObject({
  refresh_token: z.string(),
  expires_at: z.number(),
  user: z.looseObject({ id: z.string() }),
});
const renewedSession = z.looseObject({ access_token: z.string(), expires_in: z.number() });
type StoredSession = z.output<typeof storedSession>;

/**
 * Serializes the renewals of a session that several programs share. A refresh token works once: the second program gets
 * the session that the first has stored, instead of an error that signs all of them out.
 */
export function withSharedRefresh(send: typeof fetch, storage: SharedStorage): typeof fetch {
  return (input, init) => {
    const used = refreshTokenOf(input, init?.body);
    if (used === null) return send(input, init);
    return storage.exclusively(async () => {
      const stored = readSession(await storage.getItem(sessionKey));
      if (stored !== null && stored.refresh_token !== used && stored.expires_at * 1000 > Date.now()) {
        return Response.json(stored);
      }
      const response = await send(input, init);
      const renewed = response.ok ? renewedSession.safeParse(await response.clone().json()) : null;
      if (renewed?.success) {
        // Stored before the next program reads it, because the auth client stores it later.
        const expiresAt = Math.floor(Date.now() / 1000) + renewed.data.expires_in;
        await storage.setItem(sessionKey, JSON.stringify({ expires_at: expiresAt, ...renewed.data }));
      }
      return response;
    });
  };
}

/** Wraps a storage so that an older session never replaces a newer one of the same user. */
export function keepNewest(storage: SharedStorage): SharedStorage {
  return {
    ...storage,
    async setItem(key, value) {
      const stored = key === sessionKey ? readSession(await storage.getItem(key)) : null;
      const next = readSession(value);
      const isOlder =
        stored !== null && next?.user.id === stored.user.id && next.expires_at < stored.expires_at;
      if (!isOlder) await storage.setItem(key, value);
    },
  };
}

function refreshTokenOf(input: string | URL | Request, body: unknown): string | null {
  const url = new URL(input instanceof Request ? input.url : input);
  if (!url.pathname.endsWith('/auth/v1/token') || url.searchParams.get('grant_type') !== 'refresh_token')
    return null;
  if (typeof body !== 'string') return null;
  const parsed = z.object({ refresh_token: z.string() }).safeParse(JSON.parse(body));
  return parsed.success ? parsed.data.refresh_token : null;
}

function readSession(text: string | null): StoredSession | null {
  if (text === null) return null;
  const parsed = storedSession.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}
