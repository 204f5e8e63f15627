const tripped = /restart-loop breaker tripped|autostart suppressed by crash-loop breaker/;
const recovered = /restart-loop breaker recovered/;

/** Reads from OpenClaw's log whether it keeps chat channels off after unclean starts. */
export class ChannelBreaker {
  #isTripped = false;

  get isTripped(): boolean {
    return this.#isTripped;
  }

  read(line: string): void {
    if (tripped.test(line)) this.#isTripped = true;
    else if (recovered.test(line)) this.#isTripped = false;
  }
}
