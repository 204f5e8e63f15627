import type { Card, Handle } from '../../contract/card.ts';
import type { Place, Platform } from '../../contract/inbound.ts';
import type { Outbox } from './outbox.ts';

/** Cards that lose their buttons when nobody has answered them in time. */
export interface ExpiringCards {
  put(place: Place, handle: Handle, afterMs: number, expired: Card): void;
  /** Something else is shown there now. */
  forget(handle: Handle): void;
  stop(): void;
}

export function createExpiringCards(outbox: (platform: Platform) => Outbox): ExpiringCards {
  const expiring = new Map<string, NodeJS.Timeout>();
  return {
    put(place, handle, afterMs, expired) {
      const key = JSON.stringify(handle);
      const timer = setTimeout(() => {
        expiring.delete(key);
        void outbox(place.platform).edit(place, handle, expired);
      }, afterMs);
      timer.unref();
      expiring.set(key, timer);
    },
    forget(handle) {
      const key = JSON.stringify(handle);
      clearTimeout(expiring.get(key));
      expiring.delete(key);
    },
    stop() {
      for (const timer of expiring.values()) clearTimeout(timer);
    },
  };
}
