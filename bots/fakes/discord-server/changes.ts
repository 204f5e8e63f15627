/** Lets tests wait for a state. */
export interface Changes {
  /** Runs the waiting checks. */
  notify(): void;
  /** Resolves when the check is true; runs it after every change. */
  until<T>(check: () => T | null | undefined | false, what?: string): Promise<T>;
}

const waitMs = 60_000;

export function createChanges(): Changes {
  const checks = new Set<() => void>();
  return {
    notify: () => {
      for (const run of checks) run();
    },
    until: <T>(check: () => T | null | undefined | false, what = 'the expected state') =>
      new Promise<T>((resolve, reject) => {
        const end = (settle: () => void): void => {
          checks.delete(run);
          clearTimeout(timer);
          settle();
        };
        const run = (): void => {
          try {
            const found = check();
            if (found) end(() => resolve(found));
          } catch (error) {
            end(() => reject(error));
          }
        };
        const timer = setTimeout(() => end(() => reject(new Error(`Timed out: ${what}`))), waitMs);
        checks.add(run);
        run();
      }),
  };
}
