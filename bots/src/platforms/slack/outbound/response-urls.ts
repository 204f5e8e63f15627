import { LRUCache } from 'lru-cache';
import type { Handle } from '../../../contract/card.ts';

const usesOfOne = 5;
const livesMs = 30 * 60_000;
const mostKept = 2000;

/** Slack's way back to one deed of a person: good for five answers in half an hour, and whoever has it can use it. */
export interface ResponseUrl {
  readonly url: string;
  usesLeft: number;
  readonly until: number;
}

export function responseUrl(url: string): ResponseUrl {
  return { url, usesLeft: usesOfOne, until: Date.now() + livesMs };
}

export function isUsable(url: ResponseUrl | undefined): url is ResponseUrl {
  return url !== undefined && url.usesLeft > 0 && url.until > Date.now();
}

/**
 * Response URLs that are needed later: those of messages that one person sees, which nothing else can change, and those
 * of commands that were answered with a form. They are secrets, so they are kept here and nowhere else.
 */
export class ResponseUrls {
  readonly #kept = new LRUCache<string, ResponseUrl>({ max: mostKept, ttl: livesMs });

  keep(key: string, url: ResponseUrl): void {
    this.#kept.set(key, url);
  }

  find(key: string): ResponseUrl | undefined {
    const url = this.#kept.get(key);
    return isUsable(url) ? url : undefined;
  }

  static ofMessage({ channel, ts }: Handle): string {
    return `message ${channel} ${ts}`;
  }

  static ofForm(user: string, token: string): string {
    return `form ${user} ${token}`;
  }
}
