import { settledWithin } from './slack/abort-signals.ts';

/** What is being done: whoever stops lets it end. */
export class InFlight {
  readonly #works = new Set<Promise<unknown>>();

  track<T>(work: Promise<T>): Promise<T> {
    this.#works.add(work);
    const done = (): void => {
      this.#works.delete(work);
    };
    work.then(done, done);
    return work;
  }

  /** Resolves when all has ended, however it ended, or when that takes too long. */
  async ended(limitMs: number): Promise<void> {
    await settledWithin(limitMs, Promise.allSettled([...this.#works]));
  }
}
