import { Agent } from 'node:https';
import { proxySettings } from '@hq/shared/program';
import type { Telegram } from 'telegraf';
import type { Telegram as Methods, Opts } from 'telegraf/types';
import { toTelegramError } from '../errors.ts';

const answerWithinMs = 15_000;

/** Calls a method of the Bot API within a time limit. Rejects with a `TelegramError`. */
export type BotApi = <M extends keyof Methods>(
  method: M,
  payload: Opts<M>,
  options?: { readonly limitMs?: number; readonly signal?: AbortSignal },
) => Promise<ReturnType<Methods[M]>>;

export function createBotApi(client: Pick<Telegram, 'callApi'>, token: string): BotApi {
  return async (method, payload, { limitMs = answerWithinMs, signal } = {}) => {
    // A controller of its own: a signal that outlives its calls would gather a timer and a listener for each.
    const call = new AbortController();
    const abort = (): void => call.abort();
    const timer = setTimeout(abort, limitMs);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    // The library's types name an older polyfill of the same interface.
    const options: object = { signal: call.signal };
    try {
      return await client.callApi(method, payload, options);
    } catch (error) {
      throw toTelegramError(error, token);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  };
}

/** Options of the library's client. */
export function clientOptions(apiRoot: string): { apiRoot: string; agent?: Agent } {
  if (apiRoot.startsWith('http:')) return { apiRoot };
  // Node's 250 ms for each address family are too short for distant networks.
  const proxyEnv = proxySettings(process.env);
  return { apiRoot, agent: new Agent({ keepAlive: true, autoSelectFamilyAttemptTimeout: 2_000, proxyEnv }) };
}
