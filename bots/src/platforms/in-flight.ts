import { withinLimit } from '@hq/shared/program';

export type InFlight = ReturnType<typeof createInFlight>;

/** Work in progress that a stop waits for. */
export function createInFlight() {
  const works = new Set<Promise<unknown>>();
  const untilIdle = async (): Promise<void> => {
    while (works.size > 0) await Promise.allSettled(works);
  };
  return {
    track<T>(work: Promise<T>): Promise<T> {
      works.add(work);
      const end = (): void => void works.delete(work);
      work.then(end, end);
      return work;
    },
    /** Resolves when no work is left, whatever its outcome, or after the limit. */
    async drain(limitMs: number): Promise<void> {
      await withinLimit(limitMs, untilIdle());
    },
  };
}
