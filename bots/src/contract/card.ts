/**
 * A message in no platform's format. Everything that a card says comes from outside or may hold
 * what does: renderers treat every string as hostile, labels of buttons too. What reaches an adapter has been cleaned
 * (no escape sequences, controls, direction marks or zero-width signs, known secrets taken out); the renderer sees to
 * what its platform makes of the rest: markup, mentions, links, limits.
 */

/** The platform's ids of a message, as strings, so that it can be stored and edited after a restart. Never a secret. */
export type Handle = Readonly<Record<string, string>>;

export type Tone = 'neutral' | 'good' | 'warning' | 'bad';

export interface Card {
  readonly title: string;
  /** For a colour or a sign beside the words; never the only thing that tells how it is. */
  readonly tone: Tone;
  /** The state in words: `running`, `done in 12s`. */
  readonly state?: string;
  readonly fields?: readonly Field[];
  readonly body?: readonly TextNode[];
  /** Shown in this order; the first ones win where there are too many. */
  readonly buttons?: readonly Button[];
  /** The decision, its author and its time: `confirmed by ann@example.org, 14:02 UTC`. */
  readonly stamp?: string;
  readonly footer?: string;
  /** Counted from 1; turning the page is a button. */
  readonly page?: { readonly number: number; readonly of: number };
  /**
   * The card is a question: what this person says next answers it. Platforms that can point the keyboard there do so
   * (ForceReply).
   */
  readonly question?: { readonly placeholder: string };
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
  /** A name or a value within prose. */
  | { readonly kind: 'code'; readonly text: string }
  /** Lines that somebody else wrote, in a block of their own. The end is worth more than the beginning. */
  | { readonly kind: 'log'; readonly text: string };

export interface Button {
  /** Comes back with a press: at most 40 characters of `A-Za-z0-9_:-`. */
  readonly token: string;
  readonly label: string;
  readonly style: 'plain' | 'primary' | 'danger';
  /** The platform's own question before the press counts, where it has one. It replaces no confirmation of the core. */
  readonly confirm?: {
    readonly title: string;
    readonly text: string;
    readonly yes: string;
    readonly no: string;
  };
}
