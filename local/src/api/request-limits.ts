import type { IncomingMessage } from 'node:http';
import { parseJson } from '@hq/shared/text';
import { apiKeyOf } from './api-key-of.ts';
import { type ApiKeys, kindOfKey, verify } from './tokens.ts';

/** Bounds of one request. All requests are parsed on one thread, some parts in quadratic time. */
export interface RequestLimits {
  /** 0: the body is not read. */
  readonly bodyBytes: number;
  readonly rows: number;
  readonly queryCharacters: number;
  /** Of each parameter except a list of values (`in.(…)`). */
  readonly parameterCharacters: number;
}

const none = Number.POSITIVE_INFINITY;
/** A request without a key is refused: its body costs no memory. */
const stranger = { bodyBytes: 0, rows: 0, queryCharacters: 4_096, parameterCharacters: 1_024 };
/** Fits a sign-in and a registration. */
const anon: RequestLimits = { ...stranger, bodyBytes: 16 * 1024, rows: 10 };
/** Fits a secret of 64 KiB, and a filter of 200 ids. */
const member = { bodyBytes: 256 * 1024, rows: 1_000, queryCharacters: 16_384, parameterCharacters: 2_048 };
/** The query fits a filter of a thousand ids. */
const service = { bodyBytes: 16 * 1024 * 1024, rows: none, queryCharacters: none, parameterCharacters: none };

/** Returns the limits of whoever sent this request: by its key, and for a member by a token that is valid. */
export async function limitsOf(request: IncomingMessage, keys: ApiKeys): Promise<RequestLimits> {
  const kind = kindOfKey(apiKeyOf(request), keys);
  if (kind !== 'publishable') return kind === 'secret' ? service : stranger;
  const token = request.headers.authorization?.replace(/^bearer /i, '') ?? keys.anonKey;
  if (token === keys.serviceRoleKey) return service;
  const claims = await verify(token, keys.jwtSecret).catch(() => undefined);
  return claims?.role === 'authenticated' ? member : anon;
}

/** Returns the reason why an address is too long; null if it is not. */
export function addressFault(url: string, limits: RequestLimits): string | null {
  const query = url.slice(url.indexOf('?') + 1);
  if (query.length > limits.queryCharacters)
    return `A query may have ${limits.queryCharacters} characters at most.`;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name.length + value.length <= limits.parameterCharacters || /^(not\.)?in\.\(/.test(value)) continue;
    return `A parameter of a query may have ${limits.parameterCharacters} characters at most.`;
  }
  return null;
}

/** Returns the reason why a body of JSON holds too many rows; null if it does not. */
export function rowsFault(body: Buffer, limits: RequestLimits): string | null {
  if (limits.rows === none) return null;
  const rows = parseJson(body.toString());
  if (!Array.isArray(rows) || rows.length <= limits.rows) return null;
  return `A request may write ${limits.rows} rows at most.`;
}
