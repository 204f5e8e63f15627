import type { KeyPress, Paste } from '../../terminal/input.ts';
import type { Theme } from '../../theme/theme.ts';

/** Something that lies over the screen and takes every key until it is closed. */
export interface Overlay {
  /** Says whether it wants to be closed. */
  press(input: KeyPress | Paste): 'close' | 'stay';
  draw(room: { readonly width: number; readonly height: number }, theme: Theme): Drawn;
  /** What a screen reader says of it. */
  readonly spoken: readonly string[];
}

/** Lines of one width, and where they lie. */
export interface Drawn {
  readonly lines: readonly string[];
  readonly width: number;
  readonly place: 'middle' | 'bottom';
}
