/** Reads that follow each other leave at least this between them. */
const gatherMs = 50;

/** Reads again and again, one read at a time; a demand during a read is met by one more read after it. */
export class ReadLoop<Result> {
  readonly #read: () => Promise<Result>;
  readonly #settle: (result: Result, tookMs: number) => number;
  #isActive = false;
  #isReading = false;
  #isDemanded = false;
  /** Counts the starts, so that the result of a read from before a stop is dropped. */
  #run = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `read` never rejects. `settle` takes its result and returns the milliseconds until the next read. */
  constructor(read: () => Promise<Result>, settle: (result: Result, tookMs: number) => number) {
    this.#read = read;
    this.#settle = settle;
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  start(): void {
    this.#isActive = true;
    this.#run += 1;
    this.demand();
  }

  stop(): void {
    this.#isActive = false;
    this.#cancelTimer();
  }

  /** Reads now, or once more after the current read. */
  demand(): void {
    if (!this.#isActive) return;
    if (this.#isReading) {
      this.#isDemanded = true;
      return;
    }
    this.#cancelTimer();
    void this.#readOnce();
  }

  readAfter(pauseMs: number): void {
    this.#cancelTimer();
    if (this.#isActive) this.#timer = setTimeout(() => this.demand(), pauseMs);
  }

  async #readOnce(): Promise<void> {
    this.#isReading = true;
    this.#isDemanded = false;
    const run = this.#run;
    const startedAt = Date.now();
    const result = await this.#read();
    this.#isReading = false;
    if (!this.#isActive || run !== this.#run) {
      this.demand();
      return;
    }
    const tookMs = Date.now() - startedAt;
    const pauseMs = this.#settle(result, tookMs);
    this.readAfter(this.#isDemanded ? Math.max(gatherMs, tookMs) : pauseMs);
  }

  #cancelTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
