/**
 * A message in no platform's format. Every string may be hostile, labels of buttons too. The core removes escape
 * sequences, control, direction and zero-width characters and known secrets before a card reaches an adapter. The
 * platform's renderer handles the rest: markup, mentions, links, limits.
 */

/** The platform's ids of a message, as strings, so that it can be stored and edited after a restart. Never a secret. */
export type Handle = Readonly<Record<string, string>>;

export type Tone = 'neutral' | 'good' | 'warning' | 'bad';

export interface Card {
  readonly title: string;
  /** A colour or a sign beside the words, which say the same. */
  readonly tone: Tone;
  /** The state in words: `running`, `done in 12s`. */
  readonly state?: string | undefined;
  readonly fields?: readonly Field[] | undefined;
  readonly body?: readonly TextNode[] | undefined;
  /** Shown in this order; the first ones win where there are too many. */
  readonly buttons?: readonly Button[] | undefined;
  /** The decision, its author and its time: `confirmed by ann@example.org, 14:02 UTC`. */
  readonly stamp?: string | undefined;
  readonly footer?: string | undefined;
  /** Counted from 1; turning the page is a button. */
  readonly page?: { readonly number: number; readonly of: number } | undefined;
  /**
   * The card is a question: what this person says next answers it. Platforms that can point the keyboard there do so
   * (ForceReply).
   */
  readonly question?: { readonly placeholder: string } | undefined;
}

export interface Field {
  readonly label: string;
  readonly value: string;
  /** Too long to stand beside another. */
  readonly wide?: boolean;
}

export type TextNode =
  /** Prose. May hold line ends. */
  | { readonly kind: 'text'; readonly text: string; readonly strong?: boolean }
  /** A moment, in epoch milliseconds. `text` is the same in words; a platform may show how long ago it is, as time passes. */
  | { readonly kind: 'time'; readonly text: string; readonly at: number }
  /** A name or a value within prose. */
  | { readonly kind: 'code'; readonly text: string }
  /** Lines that somebody else wrote, in a block of their own. The end is worth more than the beginning. */
  | { readonly kind: 'log'; readonly text: string };

export interface Button {
  /** Comes back with a press: at most 40 characters of `A-Za-z0-9_:-`. */
  readonly token: string;
  readonly label: string;
  readonly style: 'plain' | 'primary' | 'danger';
}
