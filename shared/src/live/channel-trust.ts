import { backoffMs } from '../program/backoff.ts';

const distrust = { firstMs: 5_000, longestMs: 3_600_000, jitter: 'none' } as const;
/** A channel that delivers some events and never others is silent, too. */
const longestProofMs = 30_000;

/**
 * Detects a channel that is joined but silent: a read brings changes and no event brings them. Such a channel is
 * distrusted until an event arrives or until a time has passed that grows with each miss.
 */
export class ChannelTrust {
  readonly #proofMs: number;
  /** The time of the last event of each key. */
  readonly #eventAt = new Map<string, number>();
  #lastEventAt = 0;
  #distrustedUntil = 0;
  #misses = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `proofMs`: the longest time between a read and the event for the same change. */
  constructor(proofMs: number) {
    this.#proofMs = proofMs;
  }

  get isTrusted(): boolean {
    return this.#distrustedUntil === 0;
  }

  recordEvent(key: string): void {
    this.#lastEventAt = Date.now();
    this.#eventAt.set(key, this.#lastEventAt);
  }

  /** Trusts a channel that delivered an event. Returns true if it was distrusted, and may have missed changes. */
  restore(): boolean {
    const wasDistrusted = !this.isTrusted;
    this.reset();
    return wasDistrusted;
  }

  reset(): void {
    this.#distrustedUntil = 0;
    this.#misses = 0;
  }

  /** Trusts the channel again if its time has passed. */
  expire(): void {
    if (this.#distrustedUntil < Date.now()) this.#distrustedUntil = 0;
  }

  distrust(): void {
    this.#misses += 1;
    this.#distrustedUntil = Date.now() + backoffMs(this.#misses, distrust);
  }

  /**
   * Calls `onSilent` if a key that a read changed has no event since the read before it, and gets none in time. The time
   * begins again while other events come: thousands of one transaction take a while.
   */
  expectEvents(changedKeys: ReadonlySet<string>, since: number, onSilent: () => void): void {
    if (this.#timer !== null) return;
    const hasNoEvent = (key: string): boolean => (this.#eventAt.get(key) ?? 0) < since;
    const missing = [...changedKeys].filter(hasNoEvent);
    if (missing.length === 0) {
      this.#eventAt.clear();
      return;
    }
    const lastRoundAt = Date.now() + longestProofMs;
    this.#awaitProof(() => missing.some(hasNoEvent), lastRoundAt, onSilent);
  }

  #awaitProof(isMissing: () => boolean, lastRoundAt: number, onSilent: () => void): void {
    const since = Date.now();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!isMissing()) return;
      if (this.#lastEventAt >= since && since < lastRoundAt)
        this.#awaitProof(isMissing, lastRoundAt, onSilent);
      else onSilent();
    }, this.#proofMs);
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
