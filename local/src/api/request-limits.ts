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
  readonly caller: 'anon' | 'member' | 'service';
}

/** Levels of lists and objects in a body. The steps that read it call themselves for each. */
const deepest = 200;
const none = Number.POSITIVE_INFINITY;
/** A request without a key is refused: its body costs no memory. */
const stranger: RequestLimits = {
  caller: 'anon',
  bodyBytes: 0,
  rows: 0,
  queryCharacters: 4_096,
  parameterCharacters: 1_024,
};
/** Fits a sign-in and a registration. */
const anon: RequestLimits = { ...stranger, bodyBytes: 16 * 1024, rows: 10 };
/** Fits a secret of 64 KiB, and a filter of 200 ids. */
const member: RequestLimits = {
  caller: 'member',
  bodyBytes: 256 * 1024,
  rows: 1_000,
  queryCharacters: 16_384,
  parameterCharacters: 2_048,
};
/** The query fits a filter of a thousand ids. */
const service: RequestLimits = {
  caller: 'service',
  bodyBytes: 16 * 1024 * 1024,
  rows: none,
  queryCharacters: none,
  parameterCharacters: none,
};

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

/** Returns the reason why a body of JSON is nested too deeply or holds too many rows; null if it does not. */
export function bodyFault(body: Buffer, limits: RequestLimits): string | null {
  if (limits.rows === none) return null;
  const text = body.toString();
  if (depthOf(text) > deepest) return `A body may have ${deepest} levels of lists and objects at most.`;
  const rows = parseJson(text);
  if (!Array.isArray(rows) || rows.length <= limits.rows) return null;
  return `A request may write ${limits.rows} rows at most.`;
}

function depthOf(json: string): number {
  let depth = 0;
  let most = 0;
  let isQuoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted && character === '\\') at += 1;
    else if (!isQuoted && (character === '[' || character === '{')) depth += 1;
    else if (!isQuoted && (character === ']' || character === '}')) depth -= 1;
    most = Math.max(most, depth);
  }
  return most;
}
