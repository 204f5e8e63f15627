import { LRUCache } from 'lru-cache';
import type { Handle } from '../../../contract/card.ts';

const usesPerUrl = 5;
const validMs = 30 * 60_000;
const maxUrls = 2000;

/** Slack's address for answers to one interaction: five within half an hour. Everybody who has it can use it. */
export interface ResponseUrl {
  readonly url: string;
  usesLeft: number;
  readonly validUntil: number;
}

export function createResponseUrl(url: string): ResponseUrl {
  return { url, usesLeft: usesPerUrl, validUntil: Date.now() + validMs };
}

export function isUsable(url: ResponseUrl | undefined): url is ResponseUrl {
  return url !== undefined && url.usesLeft > 0 && url.validUntil > Date.now();
}

/**
 * Keeps the response URLs that are needed later: of ephemeral messages, which nothing else can change, and of commands
 * that a form answered. They are credentials, so they stay in memory.
 */
export class ResponseUrls {
  readonly #urls = new LRUCache<string, ResponseUrl>({ max: maxUrls, ttl: validMs });

  set(key: string, url: ResponseUrl): void {
    this.#urls.set(key, url);
  }

  find(key: string): ResponseUrl | undefined {
    const url = this.#urls.get(key);
    return isUsable(url) ? url : undefined;
  }

  static ofMessage({ channel, ts }: Handle): string {
    return `message ${channel} ${ts}`;
  }

  static ofForm(user: string, token: string): string {
    return `form ${user} ${token}`;
  }
}
