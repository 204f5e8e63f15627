/** The longest delay of a timer, in milliseconds. */
const longestTimerMs = 2 ** 31 - 1;

/** Lets a loop sleep until a time or a wake-up. A wake-up between two sleeps ends the next one at once. */
export class WakeSignal {
  #pending = false;
  #endSleep: (() => void) | null = null;

  wake(): void {
    this.#pending = true;
    this.#endSleep?.();
  }

  async sleep(milliseconds: number): Promise<void> {
    if (!this.#pending && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(milliseconds, longestTimerMs));
        this.#endSleep = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#endSleep = null;
    }
    this.#pending = false;
  }
}
