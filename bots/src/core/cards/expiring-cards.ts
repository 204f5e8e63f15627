import type { Card, Handle } from '../../contract/card.ts';
import type { ChatLocation, Platform } from '../../contract/inbound.ts';
import type { Outbox } from './outbox.ts';

/** Cards that lose their buttons when nobody has answered them in time. */
export interface ExpiringCards {
  put(location: ChatLocation, handle: Handle, afterMs: number, expired: Card): void;
  /** Something else is shown there now. */
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
