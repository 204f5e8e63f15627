import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import { errorFromResponse, unreachableError } from './database-error.ts';
import { isGatewayId } from './environment.ts';
import { type ExchangeRequest, type ExchangeResponse, exchangeResponse } from './exchange.ts';
import { type SecretResult, type SecretsSnapshot, secretsSnapshot } from './secrets/snapshot.ts';

/** The questions that a runner asks the database. Each throws an `HqError`. */
export interface Database {
  /** Finds the gateway by its id or its slug; `conflict` when several tenants have one of that name. */
  findGateway(idOrSlug: string, signal: AbortSignal): Promise<string>;
  exchange(
    gatewayId: string,
    runnerId: string,
    request: ExchangeRequest,
    signal: AbortSignal,
  ): Promise<ExchangeResponse>;
  setPaused(gatewayId: string, paused: boolean, signal: AbortSignal): Promise<void>;
  /** The version of the gateway's secrets; null when there is no such gateway. */
  secretsVersion(gatewayId: string, signal: AbortSignal): Promise<number | null>;
  secretsSnapshot(gatewayId: string, signal: AbortSignal): Promise<SecretsSnapshot>;
  secretsSynced(gatewayId: string, results: readonly SecretResult[], signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly serviceRoleKey: string;
  /** How long one request may take. */
  readonly timeoutMs?: number;
}

const secretsVersions = z.array(z.object({ secrets_version: z.number() }));
const largestAnswer = 16 * 1024 * 1024;
/** A thousand secrets of the largest size there is, as envelopes. */
const largestSnapshot = 128 * 1024 * 1024;
const snapshotTimeoutMs = 60_000;

/**
 * Talks to PostgREST over one kept connection. Node's own client is used because it keeps a connection for as long as the
 * server lets it, so that a command after a quiet minute does not wait for a new TLS handshake.
 */
export function connectDatabase({ url, serviceRoleKey, timeoutMs = 10_000 }: DatabaseOptions): Database {
  const secure = url.startsWith('https:');
  const agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const send = secure ? httpsRequest : httpRequest;
  const host = new URL(url).host;

  function exchange(
    method: 'GET' | 'POST',
    path: string,
    body: string | null,
    signal: AbortSignal,
    limits: AnswerLimits,
  ) {
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
      const request = send(
        `${url}/rest/v1/${path}`,
        {
          method,
          agent,
          signal: AbortSignal.any([signal, AbortSignal.timeout(limits.timeoutMs)]),
          headers: {
            apikey: serviceRoleKey,
            authorization: `Bearer ${serviceRoleKey}`,
            accept: 'application/json',
            ...(body === null
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          },
        },
        (response) => {
          readBody(response, limits.bytes).then(
            (text) => resolve({ status: response.statusCode ?? 0, text }),
            reject,
          );
        },
      );
      request.on('error', reject);
      request.end(body ?? undefined);
    });
  }

  async function ask(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    signal: AbortSignal,
    limits: AnswerLimits = { timeoutMs, bytes: largestAnswer },
  ): Promise<unknown> {
    const json = body === null ? null : JSON.stringify(body, storable);
    let answer: { status: number; text: string };
    try {
      answer = await exchange(method, path, json, signal, limits);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw unreachableError(error, host);
    }
    const parsed = parseJson(answer.text);
    if (answer.status >= 200 && answer.status < 300) return parsed;
    throw errorFromResponse(answer.status, parsed, host);
  }

  return {
    async findGateway(idOrSlug, signal) {
      if (isGatewayId(idOrSlug)) return idOrSlug.toLowerCase();
      const rows = z
        .array(z.object({ id: z.string() }))
        .parse(
          await ask(
            'GET',
            `gateways?select=id&limit=2&slug=eq.${encodeURIComponent(idOrSlug)}`,
            null,
            signal,
          ),
        );
      const [only, another] = rows;
      if (only === undefined) {
        throw new HqError('not_found', `The database at ${host} has no gateway "${idOrSlug}".`, {
          hint: 'Set GATEWAY_ID to the slug or the id of a gateway that exists.',
        });
      }
      if (another !== undefined) {
        throw new HqError('conflict', `More than one tenant has a gateway "${idOrSlug}".`, {
          hint: 'Set GATEWAY_ID to the gateway’s id instead of its slug.',
        });
      }
      return only.id;
    },

    async exchange(gatewayId, runnerId, request, signal) {
      const answer = await ask(
        'POST',
        'rpc/runner_turn',
        {
          p_gateway_id: gatewayId,
          p_runner_id: runnerId,
          p_claim: request.claim,
          p_lease_seconds: request.leaseSeconds,
          p_renew: request.renew,
          p_output: request.output,
          p_progress: request.progress,
          p_results: request.results,
          p_beat: request.heartbeat,
        },
        signal,
      );
      return parse(exchangeResponse, answer, 'turn');
    },

    async setPaused(gatewayId, paused, signal) {
      await ask('POST', 'rpc/set_gateway_paused', { p_gateway_id: gatewayId, p_paused: paused }, signal);
    },

    async secretsVersion(gatewayId, signal) {
      const path = `gateways?select=secrets_version&id=eq.${encodeURIComponent(gatewayId)}`;
      const [row] = parse(secretsVersions, await ask('GET', path, null, signal), 'version of secrets');
      return row?.secrets_version ?? null;
    },

    async secretsSnapshot(gatewayId, signal) {
      const limits = { timeoutMs: snapshotTimeoutMs, bytes: largestSnapshot };
      const answer = await ask('POST', 'rpc/secrets_snapshot', { p_gateway_id: gatewayId }, signal, limits);
      return parse(secretsSnapshot, answer, 'list of secrets');
    },

    async secretsSynced(gatewayId, results, signal) {
      const body = { p_gateway_id: gatewayId, p_results: results };
      await ask('POST', 'rpc/secrets_synced', body, signal);
    },

    close: () => agent.destroy(),
  };

  function parse<Shape extends z.ZodType>(shape: Shape, answer: unknown, what: string): z.output<Shape> {
    const parsed = shape.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new HqError('unreachable', `${host} answered with something that is no ${what}.`, {
      hint: 'Bring the database up to date with `hq-db migrate`, or check what stands behind SUPABASE_URL.',
    });
  }
}

interface AnswerLimits {
  readonly timeoutMs: number;
  readonly bytes: number;
}

/** Postgres stores neither NUL nor half a character; one of them in a result would keep it from ever being handed in. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
}

async function readBody(response: IncomingMessage, most: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > most) throw new Error('The answer is too large.');
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy in front of the database answers in HTML; the caller goes by the status then.
    return null;
  }
}
