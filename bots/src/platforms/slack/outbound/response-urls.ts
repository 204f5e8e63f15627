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
 * The response URLs that are needed later: of ephemeral messages, which nothing else can change, and of commands that a
 * form answered. They are credentials, so they stay in memory.
 */
export type ResponseUrls = LRUCache<string, ResponseUrl>;

export function createResponseUrls(): ResponseUrls {
  return new LRUCache({ max: maxUrls, ttl: validMs });
}

export const messageKey = ({ channel, ts }: Handle): string => `message ${channel} ${ts}`;

export const formKey = (user: string, token: string): string => `form ${user} ${token}`;
