import { cut, fill, widthOf } from '../../table/cell.ts';
import type { KeyPress, Paste } from '../../terminal/input.ts';
import type { Theme } from '../../theme/theme.ts';
import { emptyField, showField, type TextField, write } from '../text-field.ts';
import { frameAround } from './frame-around.ts';
import type { Drawn, Overlay } from './overlay.ts';
import { argumentsOf, type Entry, matching } from './palette-entries.ts';

export interface Chosen {
  readonly entry: Entry;
  readonly settings: readonly string[];
  readonly words: readonly string[];
}

/** Everything that can be done, by its name. Arguments follow the name: `tail_logs lines=50 primary`. */
export class Palette implements Overlay {
  readonly #chosen: (chosen: Chosen) => void;
  /** What an action would be aimed at, such as `on primary`. */
  readonly #target: string;
  #field: TextField = emptyField;
  #index = 0;

  constructor(target: string, chosen: (chosen: Chosen) => void) {
    this.#target = target;
    this.#chosen = chosen;
  }

  get #found(): readonly Entry[] {
    return matching(this.#field.value);
  }

  get spoken(): readonly string[] {
    const found = this.#found;
    const entry = found[this.#index];
    return [
      `palette: ${this.#field.value}`,
      entry === undefined
        ? 'nothing is called that'
        : `${this.#index + 1} of ${found.length}: ${entry.name}, ${entry.title}`,
    ];
  }

  press(input: KeyPress | Paste): 'close' | 'stay' {
    const name = input.type === 'key' ? input.name : '';
    const found = this.#found;
    if (name === 'escape' || name === 'ctrl-c') return 'close';
    if (name === 'down' || name === 'ctrl-n') {
      this.#index = Math.min(found.length - 1, this.#index + 1);
    } else if (name === 'up' || name === 'ctrl-p') {
      this.#index = Math.max(0, this.#index - 1);
    } else if (name === 'tab') {
      const entry = found[this.#index];
      if (entry !== undefined) this.#field = { value: `${entry.name} `, cursor: entry.name.length + 1 };
      this.#index = 0;
    } else if (name === 'enter') {
      const entry = found[this.#index];
      if (entry === undefined) return 'stay';
      this.#chosen({ entry, ...argumentsOf(this.#field.value, entry) });
      return 'close';
    } else if (name === 'backspace' && this.#field.value === '') {
      return 'close';
    } else {
      const next = write(this.#field, input);
      if (next !== null) {
        if (next.value !== this.#field.value) this.#index = 0;
        this.#field = next;
      }
    }
    return 'stay';
  }

  draw(room: { readonly width: number; readonly height: number }, theme: Theme): Drawn {
    const width = Math.min(76, room.width - 8);
    const places = Math.max(3, Math.min(12, room.height - 6));
    const found = this.#found;
    const first = Math.max(0, Math.min(this.#index - places + 1, found.length - places));
    const rows = found.slice(first, first + places).map((entry, at) => {
      const name = fill(entry.name, 20);
      const note = cut([entry.isAimed ? this.#target : '', entry.note].filter(Boolean).join(' · '), 30);
      const title = fill(entry.title, Math.max(0, width - 20 - 4 - widthOf(note)));
      const line = `${name}  ${title} ${theme.paint(entry.note === '' ? 'dim' : 'warn', note)}`;
      const padded = line + fill('', Math.max(0, width - 1 - widthOf(line)));
      return first + at === this.#index
        ? theme.select(theme.paint('accent', theme.bar) + padded)
        : ` ${padded}`;
    });
    if (rows.length === 0) rows.push(theme.paint('dim', fill(' Nothing is called that.', width)));
    while (rows.length < places) rows.push(fill('', width));
    const input = `${theme.paint('accent', ':')} ${showField(this.#field, width - 2)}`;
    return {
      lines: frameAround(
        'Do · tab completes · key=value sets, a name aims',
        [input, fill('', width), ...rows],
        width,
        theme,
      ),
      width: width + 4,
      place: 'middle',
    };
  }
}
