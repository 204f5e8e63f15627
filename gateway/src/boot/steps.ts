import type { BootStep } from '@hq/shared/gateway';
import type { Log } from '@hq/shared/log';

/** Steps of a start: runs them one after the other, measures them and reports the present one. */
export class BootSteps {
  readonly #log: Log;
  readonly #onStart: (name: string) => void;
  readonly #done: BootStep[] = [];
  #doing: string | null = null;

  /** `onStart` is called before each step. */
  constructor(log: Log, onStart: (name: string) => void = () => undefined) {
    this.#log = log;
    this.#onStart = onStart;
  }

  get done(): readonly BootStep[] {
    return this.#done;
  }

  /** The present step in words; null between steps. */
  get doing(): string | null {
    return this.#doing;
  }

  /** Replaces the words for the present step. */
  say(words: string): void {
    this.#doing = words;
  }

  async run<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result> {
    this.#doing = name;
    this.#onStart(name);
    const beganAt = performance.now();
    try {
      const result = await work();
      const tookMs = Math.round(performance.now() - beganAt);
      this.#done.push({ name, tookMs });
      this.#log.info({ step: name, tookMs }, 'step done');
      return result;
    } finally {
      this.#doing = null;
    }
  }
}
