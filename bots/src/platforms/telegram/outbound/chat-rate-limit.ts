/** Telegram's unpublished measures, kept with a little room. `edits`: how many of them may be edits, so that what is new finds room. */
const perChat: Measure = { most: 5, edits: 4, withinMs: 5_000 };
const perGroup: Measure = { most: 19, edits: 14, withinMs: 60_000 };
const overall: Measure = { most: 25, edits: 25, withinMs: 1_000 };

interface Measure {
  readonly most: number;
  readonly edits: number;
  readonly withinMs: number;
}

interface Sent {
  readonly at: number;
  readonly isEdit: boolean;
}

/**
 * Knows when the next message of a chat may go out: about one a second in each chat, twenty a minute in a group, thirty a second in all,
 * and not before Telegram said. Edits count as messages do. Times are of a clock that nobody sets.
 */
export class ChatRateLimit {
  readonly #sent = new Map<string, Sent[]>();
  readonly #heldUntil = new Map<string, number>();
  #all: Sent[] = [];

  /** Takes a place, or says how many milliseconds to wait for one. */
  take(chat: string, { isGroup, isEdit }: { isGroup: boolean; isEdit: boolean }, now: number): number {
    const sent = (this.#sent.get(chat) ?? []).filter(({ at }) => at > now - perGroup.withinMs);
    this.#all = this.#all.filter(({ at }) => at > now - overall.withinMs);
    const wait = Math.max(
      (this.#heldUntil.get(chat) ?? 0) - now,
      tooSoon(sent, perChat, isEdit, now),
      isGroup ? tooSoon(sent, perGroup, isEdit, now) : 0,
      tooSoon(this.#all, overall, isEdit, now),
    );
    if (wait > 0) return Math.ceil(wait);
    sent.push({ at: now, isEdit });
    this.#all.push({ at: now, isEdit });
    this.#sent.set(chat, sent);
    this.#heldUntil.delete(chat);
    if (this.#sent.size > 2_000) this.#forget(now);
    return 0;
  }

  /** Whether what is not needed had better be left unsaid. */
  isBusy(now: number): boolean {
    return this.#all.filter(({ at }) => at > now - overall.withinMs).length > overall.most / 2;
  }

  /** Telegram itself said to wait. */
  hold(chat: string, until: number): void {
    this.#heldUntil.set(chat, until);
  }

  #forget(now: number): void {
    for (const [chat, sent] of this.#sent) {
      if ((sent.at(-1)?.at ?? 0) <= now - perGroup.withinMs) this.#sent.delete(chat);
    }
    for (const [chat, until] of this.#heldUntil) if (until <= now) this.#heldUntil.delete(chat);
  }
}

function tooSoon(
  sent: readonly Sent[],
  { most, edits, withinMs }: Measure,
  isEdit: boolean,
  now: number,
): number {
  const first = sent.at(-most);
  const firstEdit = isEdit ? sent.filter((one) => one.isEdit).at(-edits) : undefined;
  return Math.max(...[first, firstEdit].map((one) => (one === undefined ? 0 : one.at + withinMs - now)));
}
