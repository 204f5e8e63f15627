/** One press of a key. `name` is what bindings are written in; `text` is what it would type, if anything. */
export interface KeyPress {
  readonly type: 'key';
  /** `j`, `G`, `space`, `enter`, `escape`, `ctrl-d`, `alt-x`, `shift-tab`, `pageup`, `f5` … */
  readonly name: string;
  readonly text: string | null;
}

/** Text that the terminal says was pasted; it is never taken for keys. */
export interface Paste {
  readonly type: 'paste';
  readonly text: string;
}

/** Cells count from 0 at the top left. */
export interface Mouse {
  readonly type: 'mouse';
  readonly kind: 'press' | 'release' | 'drag' | 'wheel-up' | 'wheel-down';
  readonly x: number;
  readonly y: number;
}

/** An answer of the terminal to a question of ours: the OSC text without its frame. */
interface Reply {
  readonly type: 'reply';
  readonly text: string;
}

export type Input = KeyPress | Paste | Mouse | Reply;

export function key(name: string, text: string | null = null): KeyPress {
  return { type: 'key', name, text };
}
