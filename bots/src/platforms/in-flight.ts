import { withinLimit } from '@hq/shared/program';

/** Work in progress that a stop waits for. */
export interface InFlight {
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when no work is left, whatever its outcome, or after the limit. */
  drain(limitMs: number): Promise<void>;
}

export function createInFlight(): InFlight {
  const works = new Set<Promise<unknown>>();
  const untilIdle = async (): Promise<void> => {
    while (works.size > 0) await Promise.allSettled(works);
  };
  return {
    track(work) {
      works.add(work);
      const end = (): void => void works.delete(work);
      work.then(end, end);
      return work;
    },
    async drain(limitMs) {
      await withinLimit(limitMs, untilIdle());
    },
  };
}
