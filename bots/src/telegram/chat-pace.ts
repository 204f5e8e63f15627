/** Telegram's unpublished measures, kept with a little room. */
const perChat: Measure = { most: 5, withinMs: 5_000 };
const perGroup: Measure = { most: 19, withinMs: 60_000 };
const overall: Measure = { most: 25, withinMs: 1_000 };

interface Measure {
  readonly most: number;
  readonly withinMs: number;
}

/**
 * Knows when the next message of a chat may go out: about one a second in each chat, twenty a minute in a group, thirty a second in all,
 * and not before Telegram said. Edits count as messages do.
 */
export class ChatPace {
  readonly #sent = new Map<string, number[]>();
  readonly #heldUntil = new Map<string, number>();
  #all: number[] = [];

  /** Takes a place, or says how many milliseconds to wait for one. */
  take(chat: string, isGroup: boolean, now: number): number {
    const sent = (this.#sent.get(chat) ?? []).filter((at) => at > now - perGroup.withinMs);
    this.#all = this.#all.filter((at) => at > now - overall.withinMs);
    const wait = Math.max(
      (this.#heldUntil.get(chat) ?? 0) - now,
      tooSoon(sent, perChat, now),
      isGroup ? tooSoon(sent, perGroup, now) : 0,
      tooSoon(this.#all, overall, now),
    );
    if (wait > 0) return Math.ceil(wait);
    sent.push(now);
    this.#all.push(now);
    this.#sent.set(chat, sent);
    this.#heldUntil.delete(chat);
    if (this.#sent.size > 2_000) this.#forget(now);
    return 0;
  }

  /** Whether what is not needed had better be left unsaid. */
  isBusy(now: number): boolean {
    return this.#all.filter((at) => at > now - overall.withinMs).length > overall.most / 2;
  }

  /** Telegram itself said to wait. */
  hold(chat: string, untilMs: number): void {
    this.#heldUntil.set(chat, untilMs);
  }

  #forget(now: number): void {
    for (const [chat, sent] of this.#sent) {
      if ((sent.at(-1) ?? 0) <= now - perGroup.withinMs) this.#sent.delete(chat);
    }
    for (const [chat, until] of this.#heldUntil) if (until <= now) this.#heldUntil.delete(chat);
  }
}

function tooSoon(sent: readonly number[], { most, withinMs }: Measure, now: number): number {
  const first = sent.at(-most);
  return first === undefined ? 0 : first + withinMs - now;
}
