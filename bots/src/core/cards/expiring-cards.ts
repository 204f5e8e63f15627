import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import type { Outbox } from './outbox.ts';

/** Replaces cards that nobody answers in time. */
export interface ExpiringCards {
  put(location: ChatLocation, handle: Handle, afterMs: number, expired: Card): void;
  /** Call it before another card takes the place. */
  forget(handle: Handle): void;
  stop(): void;
}

export function createExpiringCards(outbox: (platform: Platform) => Outbox): ExpiringCards {
  const expiringCards = new Map<string, NodeJS.Timeout>();
  return {
    put(location, handle, afterMs, expired) {
      const key = JSON.stringify(handle);
      const timer = setTimeout(() => {
        expiringCards.delete(key);
        void outbox(location.platform).edit(location, handle, expired);
      }, afterMs);
      timer.unref();
      expiringCards.set(key, timer);
    },
    forget(handle) {
      const key = JSON.stringify(handle);
      clearTimeout(expiringCards.get(key));
      expiringCards.delete(key);
    },
    stop() {
      for (const timer of expiringCards.values()) clearTimeout(timer);
    },
  };
}
