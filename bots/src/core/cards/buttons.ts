import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@hq/shared/log';
import { LRUCache } from 'lru-cache';
import type { Button } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import { type ChatApi, type Intent, type StoredButton, whileUnreachable } from '../api/chat-api.ts';

interface ButtonOffer {
  readonly label: string;
  readonly style?: Button['style'];
  readonly intent: Intent;
  /** The one person who may press; null for everybody with the permission. */
  readonly user: string | null;
  readonly seconds?: number;
  /** The first press uses it up. */
  readonly once?: boolean;
}

const defaultSeconds = 86_400;
const maxRemembered = 20_000;
const maxPerRequest = 200;
const pause = { firstMs: 200, longestMs: 5_000 } as const;
const retryLimitMs = 6_000;

export type Buttons = ReturnType<typeof createButtons>;

/**
 * Makes buttons whose tokens mean nothing by themselves: the database stores the command, the person, the chat and the
 * lifetime of each. Memory only knows them sooner, because a form must open before the database can answer.
 */
export function createButtons(api: Pick<ChatApi, 'storeButtons'>, log: Log) {
  const intents = new LRUCache<string, Intent>({ max: maxRemembered });
  const unstored: StoredButton[] = [];
  let storing: Promise<void> = Promise.resolve();

  async function storeAll(): Promise<void> {
    while (unstored.length > 0) await store(unstored.splice(0, maxPerRequest));
  }

  async function store(buttons: readonly StoredButton[]): Promise<void> {
    try {
      await whileUnreachable(() => api.storeButtons(buttons), pause, { limitMs: retryLimitMs });
    } catch (error) {
      const fields = { err: error, buttons: buttons.length };
      log.warn(fields, 'buttons could not be stored; pressing them is refused');
    }
  }

  function token({ platform, install, channel }: ChatLocation, offer: Omit<ButtonOffer, 'label'>): string {
    const made = `v1:${randomBytes(16).toString('base64url')}`;
    const { user, intent, seconds = defaultSeconds, once = false } = offer;
    intents.set(made, intent, { ttl: seconds * 1000 });
    unstored.push({ token: made, platform, install, channel, user, intent, seconds, once });
    // The buttons of one card are stored by one request.
    if (unstored.length === 1) storing = storing.then(() => delay(0)).then(storeAll);
    return made;
  }

  return {
    /** The token of a form. */
    token,
    offer: (location: ChatLocation, offer: ButtonOffer): Button => ({
      token: token(location, offer),
      label: offer.label,
      style: offer.style ?? 'plain',
    }),
    /** The intent of a token that this process made and has not forgotten. */
    recall: (made: string): Intent | undefined => intents.get(made),
    /** Resolves when the database has stored all buttons, or could not. */
    stored: (): Promise<void> => storing,
  };
}
