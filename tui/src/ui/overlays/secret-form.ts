import { type SecretCategory, secretCategories } from '@hq/shared/rows';
import { SecretBuffer } from '../../secrets/secret-buffer.ts';
import { fill, widthOf, wrap } from '../../table/cell.ts';
import type { KeyPress, Paste } from '../../terminal/input.ts';
import type { Theme } from '../../theme/theme.ts';
import { sentence } from '../sentence.ts';
import { emptyField, fieldOf, showField, type TextField, write } from '../text-field.ts';
import { frameAround } from './frame-around.ts';
import type { Drawn, Overlay } from './overlay.ts';

const titles = {
  key: 'Key',
  gateway: 'Gateway',
  agent: 'Agent',
  category: 'Category',
  note: 'Note',
  value: 'Value',
} as const;
type Field = keyof typeof titles;
type Written = Exclude<Field, 'category' | 'value'>;

export interface FilledIn {
  readonly key: string;
  readonly gateway: string;
  /** Empty for every agent of the gateway. */
  readonly agent: string;
  readonly category: SecretCategory;
  readonly note: string;
  readonly value: { readonly typed: string } | { readonly file: string };
}

export interface SecretFormOptions {
  readonly title: string;
  readonly fields: readonly Field[];
  readonly start: Readonly<Partial<Record<Written, string>>>;
  /** Carries it out. Where it fails, the form stays as it was filled in, with the reason. */
  readonly submit: (filledIn: FilledIn) => Promise<void>;
  readonly dismiss: (form: SecretForm) => void;
  readonly changed: () => void;
}

const labelWidth = 10;

/** The keys that choose another category. */
const steps: Readonly<Partial<Record<string, number>>> = { left: -1, h: -1, right: 1, l: 1, space: 1 };

/** Asks for a secret, or for a part of one. What is typed as its value is never shown, and kept no longer than it is needed. */
export class SecretForm implements Overlay {
  readonly #options: SecretFormOptions;
  readonly #value = new SecretBuffer();
  #written: Readonly<Record<Written, TextField>>;
  #category: SecretCategory = 'user';
  #file: TextField = emptyField;
  #isFromFile = false;
  #focus: Field;
  #told = '';
  #isBusy = false;
  #isLeaving = false;
  #isTouched = false;

  constructor(options: SecretFormOptions) {
    this.#options = options;
    const { key = '', gateway = '', agent = '', note = '' } = options.start;
    this.#written = {
      key: fieldOf(key),
      gateway: fieldOf(gateway),
      agent: fieldOf(agent),
      note: fieldOf(note),
    };
    this.#focus = options.fields[0] ?? 'value';
  }

  get spoken(): readonly string[] {
    const shown = this.#focus === 'value' ? this.#valueTold() : this.#textOf(this.#focus);
    return [
      `dialog: ${this.#options.title}`,
      `editing ${titles[this.#focus].toLowerCase()}: ${shown}; tab moves, enter goes on, escape leaves`,
      this.#told,
    ];
  }

  press(input: KeyPress | Paste): 'close' | 'stay' {
    if (this.#isBusy) return 'stay';
    const name = input.type === 'key' ? input.name : '';
    if (name === 'escape' || name === 'ctrl-c') return this.#leave();
    this.#isLeaving = false;
    this.#told = '';
    if (name === 'tab' || name === 'down') this.#move(1);
    else if (name === 'shift-tab' || name === 'up') this.#move(-1);
    else if (name === 'ctrl-o' && this.#focus === 'value') this.#isFromFile = !this.#isFromFile;
    else if (name === 'enter') this.#goOn();
    else if (this.#write(input)) this.#isTouched = true;
    return 'stay';
  }

  /** What was typed is not thrown away by one key. */
  #leave(): 'close' | 'stay' {
    if (!this.#isTouched || this.#isLeaving) {
      this.#value.clear();
      return 'close';
    }
    this.#isLeaving = true;
    this.#told = 'esc again throws away what was typed; any other key goes on.';
    return 'stay';
  }

  #move(by: number): void {
    const { fields } = this.#options;
    const at = fields.indexOf(this.#focus) + by;
    this.#focus = fields[(at + fields.length) % fields.length] ?? this.#focus;
  }

  #write(input: KeyPress | Paste): boolean {
    if (this.#focus === 'value') {
      if (!this.#isFromFile) return this.#value.press(input);
      const file = write(this.#file, input);
      this.#file = file ?? this.#file;
      return file !== null;
    }
    if (this.#focus === 'category') {
      const name = input.type === 'key' ? input.name : '';
      const by = steps[name];
      if (by === undefined) return false;
      const at = secretCategories.indexOf(this.#category) + by;
      this.#category =
        secretCategories[(at + secretCategories.length) % secretCategories.length] ?? this.#category;
      return true;
    }
    const field = write(this.#written[this.#focus], input);
    if (field !== null) this.#written = { ...this.#written, [this.#focus]: field };
    return field !== null;
  }

  #goOn(): void {
    if (this.#focus === this.#options.fields.at(-1)) void this.#submit();
    else this.#move(1);
  }

  async #submit(): Promise<void> {
    const { submit, dismiss, changed } = this.#options;
    const typed = this.#value.take();
    this.#isBusy = true;
    this.#told = 'Sending';
    try {
      await submit({
        key: this.#textOf('key').trim(),
        gateway: this.#textOf('gateway').trim(),
        agent: this.#textOf('agent').trim(),
        category: this.#category,
        note: this.#textOf('note').trim(),
        value: this.#isFromFile ? { file: this.#file.value } : { typed },
      });
      dismiss(this);
    } catch (failure) {
      this.#value.restore(typed);
      this.#told = sentence(failure);
    }
    this.#isBusy = false;
    changed();
  }

  #textOf(field: Exclude<Field, 'value'>): string {
    return field === 'category' ? this.#category : this.#written[field].value;
  }

  #valueTold(): string {
    if (this.#isFromFile) return `from the file ${this.#file.value}`;
    return this.#value.isEmpty ? 'nothing yet' : `${this.#value.size}, not shown`;
  }

  draw(room: { readonly width: number; readonly height: number }, theme: Theme): Drawn {
    const width = Math.min(66, room.width - 8);
    const { title, fields } = this.#options;
    const rows = fields.map((field) => {
      const isOn = field === this.#focus;
      const bar = isOn ? theme.paint('accent', theme.bar) : ' ';
      const label = theme.paint(isOn ? 'strong' : 'plain', fill(titles[field], labelWidth));
      return `${bar} ${label}${this.#cell(field, isOn, width - labelWidth - 2, theme)}`;
    });
    const tone = this.#isBusy ? 'busy' : this.#isLeaving ? 'warn' : 'bad';
    const told = wrap(this.#told, width).map((each) => theme.paint(tone, fill(each, width)));
    const lines = ['', ...rows, '', ...told, theme.paint('dim', fill(this.#keysTold(), width))].map(
      (each) => each + ' '.repeat(Math.max(0, width - widthOf(each))),
    );
    return { lines: frameAround(title, lines, width, theme), width: width + 4, place: 'middle' };
  }

  #cell(field: Field, isOn: boolean, columns: number, theme: Theme): string {
    if (field === 'category')
      return fill(`${theme.unicode ? '‹ ' : '< '}${this.#category}${theme.unicode ? ' ›' : ' >'}`, columns);
    if (field === 'value' && !this.#isFromFile) {
      return theme.paint(this.#value.isEmpty ? 'dim' : 'plain', fill(this.#valueTold(), columns));
    }
    if (field === 'agent' && !isOn && this.#textOf(field) === '') {
      return theme.paint('dim', fill('every agent of the gateway', columns));
    }
    const text = field === 'value' ? this.#file : this.#written[field];
    const shown = showField(text, columns);
    return isOn ? shown : shown.replaceAll('\u001b[7m', '').replaceAll('\u001b[27m', '');
  }

  #keysTold(): string {
    const isLast = this.#focus === this.#options.fields.at(-1);
    const enter = isLast ? 'enter stores it' : 'enter goes on';
    const file = this.#isFromFile ? 'ctrl-o typed instead' : 'ctrl-o from a file';
    return [enter, ...(this.#focus === 'value' ? [file] : []), 'tab next', 'esc leaves'].join(' · ');
  }
}
