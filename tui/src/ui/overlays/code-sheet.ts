import { fill, wrap } from '../../table/cell.ts';
import type { KeyPress, Paste } from '../../terminal/input.ts';
import type { Theme } from '../../theme/theme.ts';
import { frameAround } from './frame-around.ts';
import type { Drawn, Overlay } from './overlay.ts';

/** A code and what to do with it, until escape or enter says that it was used. */
export class CodeSheet implements Overlay {
  readonly #steps: readonly string[];

  constructor(steps: readonly string[]) {
    this.#steps = steps;
  }

  get spoken(): readonly string[] {
    return ['dialog: Link a chat account', ...this.#steps, 'escape closes'];
  }

  press(input: KeyPress | Paste): 'close' | 'stay' {
    const closing = ['escape', 'enter', 'q', 'ctrl-c'];
    return input.type === 'key' && closing.includes(input.name) ? 'close' : 'stay';
  }

  draw(room: { readonly width: number; readonly height: number }, theme: Theme): Drawn {
    const width = Math.min(66, room.width - 8);
    const told = this.#steps.flatMap((step) => wrap(step, width));
    const lines = ['', ...told, '', 'esc closes; the code is not shown again'].map((each) =>
      fill(each, width),
    );
    return {
      lines: frameAround('Link a chat account', lines, width, theme),
      width: width + 4,
      place: 'middle',
    };
  }
}
