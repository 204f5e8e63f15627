import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '@hq/shared/log';
import type { Button } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import { type ChatApi, type Intent, isUnreachable, type StoredButton } from '../api/chat-api.ts';

interface ButtonOffer {
  readonly label: string;
  readonly style?: Button['style'];
  readonly intent: Intent;
  /** Who may press; everybody who may do it where null. */
  readonly user: string | null;
  readonly seconds?: number;
  /** Whether it is used up by being pressed. */
  readonly once?: boolean;
  readonly confirm?: Button['confirm'];
}

/**
 * Buttons as names of nothing: what a press means is kept in the database, where it also learns whose it is, for which chat and for
 * how long. Memory only knows it sooner, because a form must be shown before the database can have answered.
 */
export interface Buttons {
  offer(location: ChatLocation, offer: ButtonOffer): Button;
  /** A token that is no button but comes back from a form. */
  token(location: ChatLocation, offer: Omit<ButtonOffer, 'label'>): string;
  /** What the token means, where this program made it and has not forgotten. */
  recall(token: string): Intent | undefined;
  /** Resolves when the database knows every button that was made so far, or cannot be told. */
  stored(): Promise<void>;
}

const defaultSeconds = 86_400;
const mostRemembered = 20_000;
const mostAtOnce = 200;
const retryMs = [200, 1_000, 5_000];

export function createButtons(api: Pick<ChatApi, 'storeButtons'>, log: Log): Buttons {
  const remembered = new Map<string, { intent: Intent; until: number }>();
  const unkept: StoredButton[] = [];
  let keeping: Promise<void> = Promise.resolve();

  function remember(token: string, intent: Intent, seconds: number): void {
    remembered.set(token, { intent, until: Date.now() + seconds * 1000 });
    if (remembered.size <= mostRemembered) return;
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest);
      if (remembered.size <= mostRemembered * 0.9) break;
    }
  }

  async function keep(): Promise<void> {
    while (unkept.length > 0) {
      const some = unkept.splice(0, mostAtOnce);
      for (const pause of [...retryMs, null]) {
        try {
          await api.storeButtons(some);
          break;
        } catch (error) {
          if (pause === null || !isUnreachable(error)) {
            log.warn(
              { err: error, buttons: some.length },
              'buttons could not be kept; pressing them is refused',
            );
            break;
          }
          await delay(pause);
        }
      }
    }
  }

  function token(location: ChatLocation, offer: Omit<ButtonOffer, 'label'>): string {
    const made = `v1:${randomBytes(16).toString('base64url')}`;
    const seconds = offer.seconds ?? defaultSeconds;
    remember(made, offer.intent, seconds);
    unkept.push({
      token: made,
      platform: location.platform,
      install: location.install,
      channel: location.channel,
      user: offer.user,
      intent: offer.intent,
      seconds,
      once: offer.once ?? false,
    });
    // What one card offers is kept together.
    if (unkept.length === 1) keeping = keeping.then(() => delay(0)).then(keep);
    return made;
  }

  return {
    token,
    offer: (location, offer) => ({
      token: token(location, offer),
      label: offer.label,
      style: offer.style ?? 'plain',
      ...(offer.confirm !== undefined && { confirm: offer.confirm }),
    }),
    recall(made) {
      const known = remembered.get(made);
      return known !== undefined && known.until > Date.now() ? known.intent : undefined;
    },
    stored: () => keeping,
  };
}
