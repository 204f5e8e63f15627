/** Milliseconds of work after which everything else of the event loop has its turn. */
const turnMs = 10;

/** Starts work in the order in which it was asked for, a few milliseconds of it at a time. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #pause = pauses();
  #isRunning = false;

  /** Resolves when the caller may begin. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      await this.#pause();
      this.#waiting.shift()?.();
    }
    this.#isRunning = false;
  }
}

/** Returns a function for the steps of a long piece of work: it waits when the time of a turn is over, and not before. */
export function pauses(): () => Promise<void> | undefined {
  let beganAt = performance.now();
  return () => {
    if (performance.now() - beganAt < turnMs) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        beganAt = performance.now();
        resolve();
      }),
    );
  };
}
