/** Discord lets an interaction's token be used for 15 minutes; a request that starts in the last seconds of it may come too late. */
const livesMs = 15 * 60_000 - 15_000;

interface Known {
  readonly token: string;
  readonly application: string;
  /** `@original` for a first answer, else the message's id. */
  readonly name: string;
}

/**
 * By which token a message can be edited, for as long as there is one: private messages by nothing else, and others in
 * channels that the bot itself may not see. Kept in memory alone, because a token is a right to speak.
 */
export class InteractionTokens {
  readonly #known = new Map<string, Known & { readonly until: number }>();

  static isOver(startedAt: number): boolean {
    return Date.now() - startedAt > livesMs;
  }

  remember(message: string, known: Known, startedAt: number): void {
    const now = Date.now();
    // The oldest come first, so that what is over is found without looking at the rest.
    for (const [id, { until }] of this.#known) {
      if (until > now) break;
      this.#known.delete(id);
    }
    this.#known.delete(message);
    this.#known.set(message, { ...known, until: startedAt + livesMs });
  }

  of(message: string): Known | null {
    const known = this.#known.get(message);
    return known && known.until > Date.now() ? known : null;
  }

  forget(message: string): void {
    this.#known.delete(message);
  }
}
