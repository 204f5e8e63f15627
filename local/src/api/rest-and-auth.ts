import './telemetry-off.ts';
import { App } from '@supabase/lite';
import type pg from 'pg';
import { LocalConnection } from './connection.ts';
import { isOwnHost } from './own-host.ts';
import { quietConsoleDuringRequests } from './quiet-console.ts';
import { type RequestScope, requestScope } from './request-scope.ts';
import { signInRules } from './sign-in-rules.ts';
import { type ApiKeys, kindOfKey, withMetadata } from './tokens.ts';

export interface RestAndAuthOptions {
  readonly pool: pg.Pool;
  readonly keys: ApiKeys;
  /** Lifetime of an access token; an hour by default, as on Supabase. */
  readonly jwtExpirySeconds?: number;
  /** Receives the codes of server errors. */
  readonly onError?: (error: { status: number; route: string; codes: readonly string[] }) => void;
}

/** Routes that are served. Mail, sign-up, OAuth, the studio and storage are not. */
const served: readonly (readonly [method: string, path: RegExp])[] = [
  ['POST', /^\/auth\/v1\/(token|logout|signup)$/],
  ['GET', /^\/auth\/v1\/(user|settings|health)$/],
  ['OPTIONS', /^\/(auth|rest)\/v1(\/|$)/],
  ['GET', /^\/rest\/v1(\/|$)/],
  ['HEAD', /^\/rest\/v1\//],
  ['POST', /^\/rest\/v1\//],
  ['PATCH', /^\/rest\/v1\//],
  ['PUT', /^\/rest\/v1\//],
  ['DELETE', /^\/rest\/v1\//],
];

export function restAndAuth({
  pool,
  keys,
  jwtExpirySeconds = 3600,
  onError = () => undefined,
}: RestAndAuthOptions) {
  quietConsoleDuringRequests();
  const connection = new LocalConnection(pool);
  const app = createApp(connection, keys, jwtExpirySeconds);

  const refuseToken = signInRules(pool);

  const answer = async (request: Request, path: string): Promise<Response> => {
    const refusal = path === '/auth/v1/token' ? await refuseToken(request) : null;
    if (refusal !== null) return refusal;
    const response = await app.fetch(request, { peerAddress: '127.0.0.1' });
    if (path !== '/auth/v1/token' || !response.ok) return response;
    const headers = new Headers(response.headers);
    headers.delete('content-length');
    const body = await withMetadata(await response.json(), keys.jwtSecret);
    return new Response(JSON.stringify(body), { status: response.status, headers });
  };

  return {
    /** `isGone` says whether the client has left meanwhile. */
    async fetch(request: Request, isGone: () => boolean = () => false): Promise<Response> {
      const { pathname } = new URL(request.url);
      if (!isOwnHost(request.headers.get('host'))) {
        return Response.json({ message: 'HQ answers to 127.0.0.1 and localhost.' }, { status: 403 });
      }
      if (!served.some(([method, path]) => method === request.method && path.test(pathname))) {
        return Response.json({ code: 'not_found', message: 'Nothing is served here.' }, { status: 404 });
      }
      if (!isDecodable(pathname)) {
        return Response.json({ code: 'bad_request', message: 'The address is not valid.' }, { status: 400 });
      }
      const scope: RequestScope = { databaseUnavailable: false, isAnonymous: false, errorCodes: [], isGone };
      const response = await requestScope.run(scope, () =>
        answer(request, pathname).catch(() =>
          Response.json({ message: 'The request could not be served.' }, { status: 500 }),
        ),
      );
      const isUnavailable = scope.databaseUnavailable && !response.ok;
      const status = isUnavailable ? 503 : response.status;
      // The path contains a table's or function's name, and no filters, which may contain values.
      const route = `${request.method} ${pathname}`;
      if (status >= 500 && !isGone()) onError({ status, route, codes: scope.errorCodes });
      if (!isUnavailable) return response;
      await response.body?.cancel();
      return unavailable();
    },
    /** Reads the schema, so that the first request need not wait for it. */
    warmUp: () => connection.introspect(),
    /** Makes the next request read the schema again, as after a migration. */
    forgetSchema: () => connection.clearSchemaCache(),
  };
}

function createApp(connection: LocalConnection, keys: ApiKeys, jwtExpirySeconds: number): App {
  return new App({
    connection,
    // As on Supabase.
    api: { max_rows: 1000, pg_safe_update: true },
    auth: {
      enabled: true,
      jwt_secret: keys.jwtSecret,
      jwt_expiry: jwtExpirySeconds,
      enable_signup: false,
      enable_anonymous_sign_ins: false,
      // signInRules() knows when a used token is refused.
      enable_refresh_token_rotation: false,
      email: { enable_signup: false, enable_confirmations: false },
    },
    studio: { enabled: false },
    options: {
      server: {
        disableStudio: true,
        apiKeys: {
          resolver: async (key) => {
            const type = kindOfKey(key, keys);
            if (!type) return null;
            return { type, claims: { role: type === 'secret' ? 'service_role' : 'anon' } };
          },
        },
      },
    },
  });
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function unavailable(): Response {
  return Response.json(
    {
      code: 'PGRST000',
      message: 'The database is not available.',
      details: null,
      hint: 'It is being restarted; try again in a moment.',
    },
    { status: 503, headers: { 'Retry-After': '1', 'Access-Control-Allow-Origin': '*' } },
  );
}
