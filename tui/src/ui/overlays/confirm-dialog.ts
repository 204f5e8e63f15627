import { fill, widthOf, wrap } from '../../table/cell.ts';
import type { KeyPress, Paste } from '../../terminal/input.ts';
import type { Theme } from '../../theme/theme.ts';
import { emptyField, showField, type TextField, write } from '../text-field.ts';
import { frameAround } from './frame-around.ts';
import type { Drawn, Overlay } from './overlay.ts';

export interface Question {
  readonly title: string;
  /** What happens, to what, and what runs there now: one sentence each, plain. */
  readonly sentences: readonly string[];
  /** What the button that goes through with it says. */
  readonly yes: string;
  /** The name that has to be typed before the button works; null where a yes is enough. */
  readonly typedName: string | null;
  readonly confirmed: () => void;
}

/**
 * Asks before something is disturbed. It starts on Cancel, and no letter goes through with it. Enter behind the typed name goes to the
 * button rather than away: who typed the whole name means to go on.
 */
export class ConfirmDialog implements Overlay {
  readonly #question: Question;
  #onYes = false;
  #wasMoved = false;
  #field: TextField = emptyField;
  #hint = '';

  constructor(question: Question) {
    this.#question = question;
  }

  get spoken(): readonly string[] {
    const { title, sentences, yes, typedName } = this.#question;
    return [
      `dialog: ${title}`,
      ...sentences,
      ...(typedName === null ? [] : [`type ${typedName} to go on, typed so far: ${this.#field.value}`]),
      `button ${this.#onYes ? yes : 'Cancel'} selected; tab moves, enter chooses, escape cancels`,
    ];
  }

  press(input: KeyPress | Paste): 'close' | 'stay' {
    const { typedName } = this.#question;
    const name = input.type === 'key' ? input.name : '';
    this.#hint = '';
    if (name === 'escape' || name === 'ctrl-c') return 'close';
    if (name === 'tab' || name === 'shift-tab' || name === 'left' || name === 'right') {
      this.#onYes = !this.#onYes;
      this.#wasMoved = true;
      return 'stay';
    }
    if (name === 'enter') return this.#choose();
    if (typedName !== null) {
      this.#field = write(this.#field, input) ?? this.#field;
      return 'stay';
    }
    if (name === 'h' || name === 'l') this.#onYes = name === 'l';
    else if (name === 'q' || name === 'n') return 'close';
    return 'stay';
  }

  #choose(): 'close' | 'stay' {
    const { typedName, yes, confirmed } = this.#question;
    const isNamed = this.#field.value.trim() === typedName;
    if (!this.#onYes) {
      if (!isNamed || this.#wasMoved) return 'close';
      this.#onYes = true;
      this.#hint = `Enter once more: ${yes}.`;
      return 'stay';
    }
    if (typedName !== null && !isNamed) {
      this.#hint = `Type ${typedName} first.`;
      return 'stay';
    }
    confirmed();
    return 'close';
  }

  draw(room: { readonly width: number; readonly height: number }, theme: Theme): Drawn {
    const { title, sentences, yes, typedName } = this.#question;
    const width = Math.min(64, room.width - 8);
    const told = sentences.flatMap((sentence) => wrap(sentence, width)).map((each) => fill(each, width));
    const lines = ['', ...told, ''].map((each) => fill(each, width));
    if (typedName !== null) {
      lines.push(
        fill(`Type ${typedName} to go on:`, width),
        showField(this.#field, width),
        theme.paint('warn', fill(this.#hint, width)),
      );
    }
    const button = (label: string, isOn: boolean): string =>
      isOn ? `\u001b[7m ${theme.unicode ? '▸' : '>'} ${label} \u001b[27m` : `   ${label} `;
    const buttons = `${button('Cancel', !this.#onYes)}  ${button(yes, this.#onYes)}`;
    lines.push(' '.repeat(Math.max(0, width - widthOf(buttons))) + buttons);
    return { lines: frameAround(title, lines, width, theme), width: width + 4, place: 'middle' };
  }
}
