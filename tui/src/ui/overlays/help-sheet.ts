import { type Bound, showKey } from '../../keymap/keymap.ts';
import { fill } from '../../table/cell.ts';
import type { KeyPress, Paste } from '../../terminal/input.ts';
import type { Theme } from '../../theme/theme.ts';
import { frameAround } from './frame-around.ts';
import type { Drawn, Overlay } from './overlay.ts';

/** Every key that works here, made from the key map. */
export class HelpSheet implements Overlay {
  readonly #title: string;
  readonly #bindings: readonly Bound[];
  readonly #isReadonly: boolean;
  #top = 0;
  #last = 0;

  constructor(title: string, bindings: readonly Bound[], isReadonly: boolean) {
    this.#title = title;
    this.#bindings = bindings;
    this.#isReadonly = isReadonly;
  }

  get spoken(): readonly string[] {
    return [
      `help: ${this.#title}`,
      ...this.#bindings.map((binding) => `${keysOf(binding)}: ${this.#about(binding)}`),
    ];
  }

  press(input: KeyPress | Paste): 'close' | 'stay' {
    if (input.type !== 'key') return 'stay';
    const steps: Readonly<Record<string, number>> = {
      j: 1,
      down: 1,
      k: -1,
      up: -1,
      pagedown: 10,
      pageup: -10,
      space: 10,
    };
    const step = steps[input.name];
    if (step === undefined) return 'close';
    this.#top = Math.max(0, Math.min(this.#last, this.#top + step));
    return 'stay';
  }

  #about({ about, writes }: Bound): string {
    return writes && this.#isReadonly ? `${about} (off: read only)` : about;
  }

  draw(room: { readonly width: number; readonly height: number }, theme: Theme): Drawn {
    const places = Math.max(3, room.height - 4);
    const columns = room.width >= 120 && this.#bindings.length > places ? 2 : 1;
    const width = Math.min(columns * 62, room.width - 8);
    const cell = Math.floor(width / columns);
    const keysWidth = 24;
    const entries = this.#bindings.map(
      (binding) =>
        theme.paint('accent', `${fill(keysOf(binding), keysWidth - 2)}  `) +
        fill(this.#about(binding), cell - keysWidth),
    );
    const rows = Math.ceil(entries.length / columns);
    const all = Array.from({ length: rows }, (_, row) =>
      Array.from(
        { length: columns },
        (_unused, column) => entries[row + column * rows] ?? fill('', cell),
      ).join(''),
    );
    this.#last = Math.max(0, all.length - places);
    const shown = all
      .slice(this.#top, this.#top + places)
      .map((line) => line + fill('', width - cell * columns));
    const more = this.#last > 0 ? ` · j k scroll` : '';
    return {
      lines: frameAround(`${this.#title}: keys · any key closes${more}`, shown, width, theme),
      width: width + 4,
      place: 'middle',
    };
  }
}

function keysOf({ keys }: Bound): string {
  return keys.map(showKey).join(' ');
}
