import { HqError } from '../errors.ts';
import { sleep } from '../program/backoff.ts';
import { assertPortOwner } from '../program/port-owner.ts';
import type { Address } from './address.ts';
import { type DatabaseFault, databaseError, versionError } from './database-error.ts';
import { withTimeout } from './with-timeout.ts';

/** The result of every supabase-js request. */
export interface Answer<Data> {
  readonly data: Data | null;
  readonly error: DatabaseFault | null;
  readonly status: number;
}

export interface Requests {
  /** Runs one request and returns its data. */
  ask<Data>(request: PromiseLike<Answer<Data>>): Promise<Data>;
  /** Sends a request again if its answer was lost: only for requests that may arrive twice. */
  askAgain<Data>(send: () => PromiseLike<Answer<Data>>): Promise<Data>;
}

const retryDelaysMs = [200, 800];

/** `limitMs` bounds one request together with the renewal of an expired token. Every failure is an `HqError`. */
export function createRequests({ url, host }: Address, limitMs: number): Requests {
  async function ask<Data>(request: PromiseLike<Answer<Data>>): Promise<Data> {
    // supabase-js hides the reason of a request that was not sent.
    assertPortOwner(url);
    const { data, error, status } = await withTimeout(limitMs, request, host);
    if (error !== null) throw databaseError(error, status, host);
    if (data === null) throw versionError(host, new Error('the answer has no data'));
    return data;
  }

  return {
    ask,
    async askAgain(send) {
      for (const pauseMs of retryDelaysMs) {
        try {
          return await ask(send());
        } catch (error) {
          if (!(error instanceof HqError) || error.code !== 'unreachable') throw error;
          await sleep(pauseMs);
        }
      }
      return ask(send());
    },
  };
}
