import type { Theme } from '../theme/theme.ts';

/** The room that a screen has for its body. */
export interface Room {
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** The body of a screen: exactly as many lines as its room has, each exactly as wide. */
export interface Body {
  readonly lines: readonly string[];
  /** Which lines are rows that can be pointed at. */
  readonly rows: RowsAt | null;
  /** What a screen reader says instead of reading the lines. */
  readonly spoken?: readonly string[];
}

export interface RowsAt {
  readonly line: number;
  readonly firstIndex: number;
  readonly count: number;
  /** The columns that belong to the list. */
  readonly width: number;
}
