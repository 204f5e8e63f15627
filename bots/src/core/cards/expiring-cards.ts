import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import type { Outbox } from './outbox.ts';

export type ExpiringCards = ReturnType<typeof createExpiringCards>;

/** Replaces cards that nobody answers in time. */
export function createExpiringCards(outbox: (platform: Platform) => Outbox) {
  const expiringCards = new Map<string, NodeJS.Timeout>();
  return {
    put(location: ChatLocation, handle: Handle, afterMs: number, expired: Card): void {
      const key = JSON.stringify(handle);
      const timer = setTimeout(() => {
        expiringCards.delete(key);
        void outbox(location.platform).edit(location, handle, expired);
      }, afterMs);
      timer.unref();
      expiringCards.set(key, timer);
    },
    /** Call it before another card takes the place. */
    forget(handle: Handle): void {
      const key = JSON.stringify(handle);
      clearTimeout(expiringCards.get(key));
      expiringCards.delete(key);
    },
    stop(): void {
      for (const timer of expiringCards.values()) clearTimeout(timer);
    },
  };
}
