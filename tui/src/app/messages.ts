import type { ActionName } from '@hq/shared/actions';
import type { Tone } from '../theme/theme.ts';
import { Store } from './store.ts';

export interface Undo {
  readonly action: ActionName;
  /** An id; null for an action that has no gateway. */
  readonly gateway: string | null;
  readonly agent?: string;
}

export interface Message {
  readonly text: string;
  readonly tone: Tone;
  readonly undo: Undo | null;
  /** Local epoch milliseconds; null for a message that stays until a key is pressed. */
  readonly until: number | null;
}

const shownMs = 6_000;

/** The message line. The latest message replaces the one before. */
export class Messages {
  readonly current = new Store<Message | null>(null);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A busy message stays until the next one, which says how it ended. */
  say(text: string, tone: Tone = 'plain', undo: Undo | null = null): void {
    this.current.set({ text, tone, undo, until: tone === 'busy' ? Infinity : this.#now() + shownMs });
  }

  /** For failures: they stay until a key is pressed. */
  warn(text: string): void {
    this.current.set({ text, tone: 'bad', undo: null, until: null });
  }

  /** Takes away a message whose time is over. */
  expire(): void {
    const until = this.current.get()?.until;
    if (until != null && until <= this.#now()) this.clear();
  }

  /** Takes away a message that waited for a key. */
  acknowledge(): void {
    if (this.current.get()?.until === null) this.clear();
  }

  clear(): void {
    this.current.set(null);
  }
}
