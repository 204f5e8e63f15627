import { LRUCache } from 'lru-cache';

/** A token is valid for 15 minutes; a request in the last seconds may arrive too late. */
const validMs = 15 * 60_000 - 15_000;
const maxTokens = 10_000;

interface InteractionToken {
  readonly token: string;
  readonly application: string;
  /** `@original` for a first answer, else the message's id. */
  readonly message: string;
}

/**
 * The tokens that can edit a message, by its id: the only way for private messages, and for channels that the bot
 * cannot see. They are credentials, so they stay in memory.
 */
export type InteractionTokens = LRUCache<string, InteractionToken>;

export function createInteractionTokens(): InteractionTokens {
  return new LRUCache({ max: maxTokens, ttl: validMs });
}

/** Returns the milliseconds for which the token of an interaction is valid, at least 0. */
export function tokenTtlMs(receivedAt: number): number {
  return Math.max(0, receivedAt + validMs - Date.now());
}
