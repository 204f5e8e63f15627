import { setTimeout as delay } from 'node:timers/promises';
import type { RejectedForm } from './rejected-form.ts';

export type FormOutcome = ReturnType<typeof createFormOutcome>;

/** Holds the outcome of a form while its sender waits; the first one counts. */
export function createFormOutcome() {
  const first = Promise.withResolvers<RejectedForm | null>();
  let isOpen = true;
  function settle(outcome: RejectedForm | null): boolean {
    const isFirst = isOpen;
    isOpen = false;
    first.resolve(outcome);
    return isFirst;
  }
  return {
    accept: (): boolean => settle(null),
    /** False if the sender no longer waits. */
    reject: (rejected: RejectedForm): boolean => settle(rejected),
    /** The rejection; null if there is none within this time. */
    within(limitMs: number): Promise<RejectedForm | null> {
      void delay(limitMs, undefined, { ref: false }).then(() => settle(null));
      return first.promise;
    },
  };
}
