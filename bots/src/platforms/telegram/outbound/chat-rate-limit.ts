/** Telegram's unpublished limits with a margin. `edits` caps the share of edits, so that new messages find room. */
const perChat: Limit = { messages: 5, edits: 4, withinMs: 5_000 };
const perGroup: Limit = { messages: 19, edits: 14, withinMs: 60_000 };
const overall: Limit = { messages: 25, edits: 25, withinMs: 1_000 };
const maxChats = 2_000;

interface Limit {
  readonly messages: number;
  readonly edits: number;
  readonly withinMs: number;
}

interface Sent {
  readonly at: number;
  readonly isEdit: boolean;
}

/**
 * Limits messages and edits: about one a second in each chat, twenty a minute in a group, thirty a second in all.
 * Times are milliseconds of a monotonic clock.
 */
export class ChatRateLimit {
  readonly #sent = new Map<string, Sent[]>();
  readonly #blockedUntil = new Map<string, number>();
  #all: Sent[] = [];

  /** Counts a message and returns 0, or returns the milliseconds to wait before it. */
  take(chat: string, { isGroup, isEdit }: { isGroup: boolean; isEdit: boolean }, now: number): number {
    const sent = recent(this.#sent.get(chat) ?? [], perGroup, now);
    this.#all = recent(this.#all, overall, now);
    const waitMs = Math.max(
      (this.#blockedUntil.get(chat) ?? 0) - now,
      waitFor(perChat, sent, isEdit, now),
      isGroup ? waitFor(perGroup, sent, isEdit, now) : 0,
      waitFor(overall, this.#all, isEdit, now),
    );
    if (waitMs > 0) return Math.ceil(waitMs);
    sent.push({ at: now, isEdit });
    this.#all.push({ at: now, isEdit });
    this.#sent.set(chat, sent);
    this.#blockedUntil.delete(chat);
    if (this.#sent.size > maxChats) this.#removeOld(now);
    return 0;
  }

  /** True if optional messages are better left out. */
  isBusy(now: number): boolean {
    return recent(this.#all, overall, now).length > overall.messages / 2;
  }

  /** Applies a wait that Telegram demanded. */
  block(chat: string, until: number): void {
    this.#blockedUntil.set(chat, until);
  }

  #removeOld(now: number): void {
    for (const [chat, sent] of this.#sent) {
      if ((sent.at(-1)?.at ?? 0) <= now - perGroup.withinMs) this.#sent.delete(chat);
    }
    for (const [chat, until] of this.#blockedUntil) if (until <= now) this.#blockedUntil.delete(chat);
  }
}

function recent(sent: readonly Sent[], { withinMs }: Limit, now: number): Sent[] {
  return sent.filter(({ at }) => at > now - withinMs);
}

function waitFor(
  { messages, edits, withinMs }: Limit,
  sent: readonly Sent[],
  isEdit: boolean,
  now: number,
): number {
  const oldest = sent.at(-messages);
  const oldestEdit = isEdit ? sent.filter((one) => one.isEdit).at(-edits) : undefined;
  return Math.max(...[oldest, oldestEdit].map((one) => (one === undefined ? 0 : one.at + withinMs - now)));
}
