import type { Sender } from '../../contract/inbound.ts';

export interface Turn {
  /** Resolves when all earlier requests have passed their turns on. */
  readonly come: Promise<void>;
  /** Lets the next request begin. */
  pass(): void;
}

/** Lets the requests of one person in one chat run one after another, in the order in which they took their turns. */
export function createTurns() {
  const last = new Map<string, Promise<void>>();
  return {
    take({ platform, install, channel, user }: Sender): Turn {
      const key = JSON.stringify([platform, install, channel, user]);
      const come = last.get(key) ?? Promise.resolve();
      const own = Promise.withResolvers<void>();
      const passed = come.then(() => own.promise);
      last.set(key, passed);
      void passed.then(() => {
        if (last.get(key) === passed) last.delete(key);
      });
      return { come, pass: own.resolve };
    },
  };
}
