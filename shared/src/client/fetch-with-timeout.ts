import { assertPortOwner } from '../program/port-owner.ts';

/** Milliseconds for one request before the database counts as unreachable. */
export const requestTimeoutMs = 10_000;

/**
 * `fetch` with a time limit, and with one more try after the database calls the token expired: the auth client renews
 * by the local clock, which may be minutes slow. `renew` returns a fresh token, or null if the session cannot be renewed.
 */
export function fetchWithTimeout(renew: () => Promise<string | null>, timeoutMs: number): typeof fetch {
  return async (input, init) => {
    const attempt = (headers: Headers): Promise<Response> => {
      assertPortOwner(input instanceof Request ? input.url : input);
      const limit = AbortSignal.timeout(timeoutMs);
      const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
      return fetch(input, { ...init, headers, signal });
    };
    const headers = new Headers(init?.headers);
    const response = await attempt(headers);
    // The auth client would end a session whose renewal was asked for too often, or was answered by a proxy's page.
    if (isRenewal(input) && (response.status === 429 || !isJson(response)))
      return new Response(null, { status: 503 });
    if (response.status !== 401 || !pathOf(input).includes('/rest/v1/')) return response;
    if (!/expired/i.test(await response.clone().text())) return response;
    const token = await renew();
    if (token === null) return response;
    headers.set('Authorization', `Bearer ${token}`);
    return attempt(headers);
  };
}

function isRenewal(input: string | URL | Request): boolean {
  return (
    new URL(input instanceof Request ? input.url : input).searchParams.get('grant_type') === 'refresh_token'
  );
}

function isJson({ headers }: Response): boolean {
  return /\bjson\b/.test(headers.get('content-type') ?? '');
}

function pathOf(input: string | URL | Request): string {
  return new URL(input instanceof Request ? input.url : input).pathname;
}
