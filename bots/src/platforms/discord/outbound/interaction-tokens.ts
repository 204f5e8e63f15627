import { LRUCache } from 'lru-cache';

/** A token is valid for 15 minutes; a request in the last seconds may arrive too late. */
const validMs = 15 * 60_000 - 15_000;
const maxTokens = 10_000;

export interface InteractionToken {
  readonly token: string;
  readonly application: string;
  /** `@original` for a first answer, else the message's id. */
  readonly message: string;
}

export function isTokenExpired(receivedAt: number): boolean {
  return Date.now() - receivedAt > validMs;
}

/**
 * The tokens that can edit a message: the only way for private messages, and for channels that the bot cannot see.
 * They are credentials, so they stay in memory.
 */
export class InteractionTokens {
  readonly #tokens = new LRUCache<string, InteractionToken>({ max: maxTokens, ttl: validMs });

  set(messageId: string, token: InteractionToken, receivedAt: number): void {
    this.#tokens.set(messageId, token, { ttl: Math.max(1, receivedAt + validMs - Date.now()) });
  }

  get(messageId: string): InteractionToken | undefined {
    return this.#tokens.get(messageId);
  }

  delete(messageId: string): void {
    this.#tokens.delete(messageId);
  }
}
