/** Lets a loop sleep until a time, or until somebody rings. A ring while nobody sleeps is heard at the next sleep. */
export class WakeSignal {
  #rung = false;
  #wake: (() => void) | null = null;

  wake(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async sleep(milliseconds: number): Promise<void> {
    if (!this.#rung && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(milliseconds, 2_147_483_647));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#rung = false;
  }
}
