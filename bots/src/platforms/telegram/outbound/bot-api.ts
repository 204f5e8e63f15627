import { Agent } from 'node:https';
import type { Telegram } from 'telegraf';
import type { Telegram as Methods, Opts } from 'telegraf/types';
import { toTelegramError } from '../errors.ts';

/** Telegram gets this long for an answer; only a long poll has its own measure. */
const patienceMs = 15_000;

/** The Bot API with a limit to every call, and with errors that can be shown. */
export class TelegramApi {
  readonly #client: Pick<Telegram, 'callApi'>;
  readonly #token: string;

  constructor(client: Pick<Telegram, 'callApi'>, token: string) {
    this.#client = client;
    this.#token = token;
  }

  async call<M extends keyof Methods>(
    method: M,
    payload: Opts<M>,
    options: { readonly ms?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ReturnType<Methods[M]>> {
    // Signals that outlive their call would keep a timer and a listener for each.
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    const patience = setTimeout(abort, options.ms ?? patienceMs);
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted === true) abort();
    // The library's types name an older polyfill of the same interface.
    const cut: object = { signal: stop.signal };
    try {
      return await this.#client.callApi(method, payload, cut);
    } catch (error) {
      throw toTelegramError(error, this.#token);
    } finally {
      clearTimeout(patience);
      options.signal?.removeEventListener('abort', abort);
    }
  }
}

/** Options of telegraf's client for an API that stands at this root. */
export function clientOptions(apiRoot: string): { apiRoot: string; agent?: Agent } {
  if (apiRoot.startsWith('http:')) return { apiRoot };
  // Node tries an address family for 250 ms only, which is too short for far networks.
  return { apiRoot, agent: new Agent({ keepAlive: true, autoSelectFamilyAttemptTimeout: 2_000 }) };
}
