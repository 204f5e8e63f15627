import { HqError } from '@hq/shared/errors';
import { assertPortOwner, backoffMs, sleep } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { faultOfResponse, faultWithoutResponse } from './fault.ts';
import { isRepeatable, type Operation } from './operations.ts';

const timeoutMs = 10_000;
const mostAttempts = 3;
const pause = { firstMs: 300, longestMs: 2_000 };
const largestAnswer = 1024 * 1024;

interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for each attempt. */
  readonly timeoutMs?: number;
  readonly attempts?: number;
}

/** HQ's database as one agent may use it. Every call throws `HqError`, without the token in any text. */
export interface AgentApi {
  call(token: string, operation: Operation, args: object, options?: CallOptions): Promise<unknown>;
}

export function createAgentApi({ supabaseUrl, anonKey }: { supabaseUrl: string; anonKey: string }): AgentApi {
  const url = `${supabaseUrl.replace(/\/+$/, '')}/rest/v1/rpc/agent_call`;
  const headers = {
    apikey: anonKey,
    authorization: `Bearer ${anonKey}`,
    'content-type': 'application/json',
    accept: 'application/json',
  };

  async function send(body: string, signal: AbortSignal): Promise<unknown> {
    assertPortOwner(url);
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
    const parsed = parseJson(await readBody(response));
    if (response.ok) return parsed;
    throw faultOfResponse(response.status, parsed);
  }

  return {
    call: async (token, operation, args, { signal, timeoutMs: limitMs = timeoutMs, attempts } = {}) => {
      const body = JSON.stringify({ p_token: token, p_operation: operation, p_arguments: args }, storable);
      const most = attempts ?? mostAttempts;
      for (let attempt = 1; ; attempt++) {
        try {
          const limits = [AbortSignal.timeout(limitMs), ...(signal === undefined ? [] : [signal])];
          return await send(body, AbortSignal.any(limits));
        } catch (error) {
          if (signal?.aborted === true) throw new HqError('cancelled', 'The call was cancelled.');
          const fault = error instanceof HqError ? error : faultWithoutResponse(error);
          const mayRepeat = isRepeatable(operation) || wasNeverSent(error);
          const isTransient = fault.code === 'unreachable' || fault.code === 'timed_out';
          if (!isTransient) throw fault;
          if (!mayRepeat) throw unknownOutcome(fault);
          if (attempt >= most) throw fault;
          await sleep(backoffMs(attempt, pause), signal);
        }
      }
    },
  };
}

/** Errors of a connection that was never made. */
const unconnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

function wasNeverSent(error: unknown): boolean {
  // `assertPortOwner` throws its refusal before anything is sent.
  if (error instanceof HqError) return error.message.endsWith('Nothing was sent.');
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && unconnected.has(String(cause.code));
}

function unknownOutcome(fault: HqError): HqError {
  return new HqError(fault.code, `${fault.message} It may have been done or not.`, {
    hint: 'Look with hq_task or hq_inbox before you do it again.',
  });
}

/** Replaces what Postgres cannot store: NUL and lone surrogates. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
}

async function readBody(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > largestAnswer) throw new HqError('failed', 'The answer of HQ’s database is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
