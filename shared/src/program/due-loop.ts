/** Runs work one at a time: when it is due, and again after the pause that it returns. */
export class DueLoop {
  readonly #work: () => Promise<number>;
  readonly #apartMs: number;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #earliest = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #isClosed = false;

  /**
   * `work` never rejects. It returns the milliseconds until it is due again, infinity for never. `apartMs` lies between the
   * end of one work and the start of the next at least.
   */
  constructor(work: () => Promise<number>, apartMs = 0) {
    this.#work = work;
    this.#apartMs = apartMs;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Makes the work due in this time; an earlier time stays. While work runs, it is due again afterwards. */
  dueIn(milliseconds: number): void {
    this.#dueAt = Math.min(this.#dueAt, performance.now() + milliseconds);
    clearTimeout(this.#timer);
    if (this.#isClosed || this.isRunning || this.#dueAt === Number.POSITIVE_INFINITY) return;
    const wait = Math.max(this.#dueAt, this.#earliest) - performance.now();
    this.#timer = setTimeout(() => this.#run(), Math.max(0, wait));
  }

  /** Starts no more work; resolves when the current one has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #run(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#running = this.#work().then((pauseMs) => {
      this.#running = null;
      this.#earliest = performance.now() + this.#apartMs;
      this.dueIn(pauseMs);
    });
  }
}
