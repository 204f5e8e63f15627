import { timingSafeEqual } from 'node:crypto';
import { decodeJwt, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';

/** Signing secret and API keys of one installation. */
export interface ApiKeys {
  readonly jwtSecret: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
}

export type Claims = JWTPayload & { readonly role?: unknown };

const session = z.looseObject({
  access_token: z.string(),
  user: z.looseObject({
    phone: z.string().nullish(),
    app_metadata: z.record(z.string(), z.unknown()).nullish(),
    user_metadata: z.record(z.string(), z.unknown()).nullish(),
    is_anonymous: z.boolean().nullish(),
  }),
});

export async function sign(claims: JWTPayload, jwtSecret: string): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(encodeSecret(jwtSecret));
}

/** Returns the claims of a token with a valid signature that has not expired; throws otherwise. */
export async function verify(token: string, jwtSecret: string): Promise<Claims> {
  return (await jwtVerify(token, encodeSecret(jwtSecret), { algorithms: ['HS256'] })).payload;
}

/** Creates keys as Supabase does: JWTs of the roles anon and service_role that do not expire. */
export async function apiKeysFor(jwtSecret: string): Promise<ApiKeys> {
  const [anonKey, serviceRoleKey] = await Promise.all(
    ['anon', 'service_role'].map((role) => sign({ iss: 'hq', role }, jwtSecret)),
  );
  if (!anonKey || !serviceRoleKey) throw new RangeError('two roles give two keys');
  return { jwtSecret, anonKey, serviceRoleKey };
}

export type KeyKind = 'publishable' | 'secret';

export function kindOfKey(key: string, { anonKey, serviceRoleKey }: ApiKeys): KeyKind | undefined {
  if (equal(key, anonKey)) return 'publishable';
  return equal(key, serviceRoleKey) ? 'secret' : undefined;
}

/**
 * Adds the claims of Supabase that @supabase/lite omits and policies read (`app_metadata.tenant_id`) to the access token of
 * a session. Returns anything else unchanged.
 */
export async function withMetadata(answer: unknown, jwtSecret: string): Promise<unknown> {
  const parsed = session.safeParse(answer);
  if (!parsed.success) return answer;
  const { user } = parsed.data;
  const claims = decodeJwt(parsed.data.access_token);
  const accessToken = await sign(
    {
      ...claims,
      phone: user.phone ?? '',
      app_metadata: user.app_metadata ?? {},
      user_metadata: user.user_metadata ?? {},
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: claims.iat }],
      is_anonymous: user.is_anonymous ?? false,
    },
    jwtSecret,
  );
  return { ...parsed.data, access_token: accessToken };
}

function encodeSecret(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
