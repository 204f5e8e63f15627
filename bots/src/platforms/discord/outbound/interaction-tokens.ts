import { LRUCache } from 'lru-cache';

/** Discord lets an interaction's token be used for 15 minutes; a request that starts in the last seconds of it may come too late. */
const livesMs = 15 * 60_000 - 15_000;
const maxTokens = 10_000;

interface Known {
  readonly token: string;
  readonly application: string;
  /** `@original` for a first answer, else the message's id. */
  readonly name: string;
}

/**
 * By which token a message can be edited, for as long as there is one: private messages by nothing else, and others in
 * channels that the bot itself may not see. Kept in memory alone, because a token is a right to speak.
 */
export class InteractionTokens {
  readonly #known = new LRUCache<string, Known>({ max: maxTokens, ttl: livesMs });

  static isOver(startedAt: number): boolean {
    return Date.now() - startedAt > livesMs;
  }

  remember(message: string, known: Known, startedAt: number): void {
    this.#known.set(message, known, { ttl: Math.max(1, startedAt + livesMs - Date.now()) });
  }

  of(message: string): Known | null {
    return this.#known.get(message) ?? null;
  }

  forget(message: string): void {
    this.#known.delete(message);
  }
}
