import { once } from 'node:events';
import http, { type IncomingMessage, type ProxyEnv } from 'node:http';
import https from 'node:https';
import { HqError } from '@hq/shared/errors';
import { assertPortOwner } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { errorFromResponse, unreachableError } from './database-error.ts';

interface ResponseLimits {
  readonly timeoutMs: number;
  readonly bytes: number;
}

const largestResponse = 16 * 1024 * 1024;

/**
 * Talks to PostgREST over one kept connection; every method throws `HqError`. Node's own client keeps a connection for as
 * long as the server does, so that a command after a quiet minute needs no new TLS handshake.
 */
export function createRestClient(url: string, serviceRoleKey: string, timeoutMs: number, proxy?: ProxyEnv) {
  const { Agent, request } = url.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true, proxyEnv: proxy });
  const { host } = new URL(url);
  const headers = {
    apikey: serviceRoleKey,
    authorization: `Bearer ${serviceRoleKey}`,
    accept: 'application/json',
  };

  async function send(path: string, body: string | null, signal: AbortSignal, limits: ResponseLimits) {
    assertPortOwner(url);
    const outgoing = request(`${url}/rest/v1/${path}`, {
      method: body === null ? 'GET' : 'POST',
      agent,
      signal: AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]),
      headers: {
        ...headers,
        ...(body !== null && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      },
    });
    outgoing.end(body ?? undefined);
    const [response]: IncomingMessage[] = await once(outgoing, 'response');
    if (response === undefined) throw new Error('no response');
    return { status: response.statusCode ?? 0, text: await readBody(response, limits.bytes) };
  }

  async function exchange(path: string, body: string | null, signal: AbortSignal, limits: ResponseLimits) {
    const { status, text } = await send(path, body, signal, limits).catch((error: unknown) => {
      if (error instanceof HqError) throw error;
      throw signal.aborted ? signal.reason : unreachableError(error, host);
    });
    // A proxy before the database answers in HTML: the status alone decides then.
    const parsed = parseJson(text);
    if (status >= 200 && status < 300) return parsed;
    throw errorFromResponse(status, parsed, host);
  }

  const usual = { timeoutMs, bytes: largestResponse };
  return {
    host,
    get: (path: string, signal: AbortSignal) => exchange(path, null, signal, usual),
    /** Calls a function of the database. */
    call: (name: string, args: object, signal: AbortSignal, limits: ResponseLimits = usual) =>
      exchange(`rpc/${name}`, JSON.stringify(args, storable), signal, limits),
    close: () => agent.destroy(),
  };
}

/** Replaces what Postgres cannot store, NUL and lone surrogates: a result with one could never be delivered. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
}

async function readBody(response: IncomingMessage, mostBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > mostBytes) throw new Error('The response is too large.');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}
