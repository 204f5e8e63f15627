import type { ActionName } from '@hq/shared/actions';
import type { Tone } from '../theme/theme.ts';

export interface Undo {
  readonly action: ActionName;
  /** An id; null for what is aimed at no gateway. */
  readonly gateway: string | null;
  readonly agent?: string;
}

export interface Message {
  readonly text: string;
  readonly tone: Tone;
  readonly undo: Undo | null;
  /** Local epoch milliseconds; null for what stands until a key is pressed. */
  readonly until: number | null;
}

const standsMs = 6_000;

/** The one line that tells what happened. The latest replaces what stood there. */
export class Messages {
  readonly #now: () => number;
  #current: Message | null = null;

  constructor(now: () => number) {
    this.#now = now;
  }

  get current(): Message | null {
    const message = this.#current;
    if (message?.until != null && message.until <= this.#now()) this.#current = null;
    return this.#current;
  }

  say(text: string, tone: Tone = 'plain', undo: Undo | null = null): void {
    this.#current = { text, tone, undo, until: this.#now() + standsMs };
  }

  /** For what went wrong: it must not be missed by somebody who looked away. */
  warn(text: string): void {
    this.#current = { text, tone: 'bad', undo: null, until: null };
  }

  /** A key was pressed: what waited for one has been seen. */
  seen(): void {
    if (this.#current?.until === null) this.#current = null;
  }

  clear(): void {
    this.#current = null;
  }
}
