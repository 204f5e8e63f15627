import { fill, widthOf, wrap } from '../table/cell.ts';
import type { KeyPress, Paste } from '../terminal/input.ts';
import type { Theme } from '../theme/theme.ts';
import { exactly } from './panel.ts';
import { emptyField, fieldOf, showField, type TextField, write } from './text-field.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Who are you? The password is never shown, not even by its letters' widths. */
export class SignInForm {
  readonly #host: string;
  #email: TextField;
  #password: TextField = emptyField;
  #focus: 'email' | 'password' = 'email';
  #error = '';
  #isBusy = false;

  constructor(host: string, email = '') {
    this.#host = host;
    this.#email = fieldOf(email);
    if (email !== '') this.#focus = 'password';
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  get spoken(): readonly string[] {
    const field =
      this.#focus === 'email'
        ? `email: ${this.#email.value}`
        : `password: ${this.#password.value.length} characters`;
    return [
      `Sign in to ${this.#host}`,
      `editing ${field}; tab moves, enter goes on, ctrl-c leaves`,
      this.#error,
    ];
  }

  failed(error: string): void {
    this.#isBusy = false;
    this.#error = error;
    this.#password = emptyField;
    this.#focus = 'password';
  }

  /** Gives the credentials when they are handed in. */
  press(input: KeyPress | Paste): Credentials | null {
    if (this.#isBusy) return null;
    const name = input.type === 'key' ? input.name : '';
    if (['tab', 'shift-tab', 'up', 'down'].includes(name)) {
      this.#focus = this.#focus === 'email' ? 'password' : 'email';
      return null;
    }
    if (name === 'enter') {
      if (this.#focus === 'email' && this.#password.value === '') {
        this.#focus = 'password';
        return null;
      }
      if (this.#email.value.trim() === '' || this.#password.value === '') {
        this.#error = 'Both are needed.';
        return null;
      }
      this.#isBusy = true;
      this.#error = '';
      return { email: this.#email.value.trim(), password: this.#password.value };
    }
    if (this.#focus === 'email') this.#email = write(this.#email, input) ?? this.#email;
    else this.#password = write(this.#password, input) ?? this.#password;
    return null;
  }

  draw(width: number, height: number, theme: Theme): string[] {
    const inner = Math.min(52, width - 4);
    const left = ' '.repeat(Math.floor((width - inner) / 2));
    const label = (text: string, isOn: boolean): string =>
      `${isOn ? theme.paint('accent', theme.bar) : ' '} ${theme.paint(isOn ? 'strong' : 'plain', fill(text, 10))}`;
    const field = (text: TextField, isOn: boolean, hidden: boolean): string => {
      const shown = showField(text, inner - 12, hidden);
      return isOn ? shown : shown.replaceAll('\u001b[7m', '').replaceAll('\u001b[27m', '');
    };
    const told = this.#isBusy ? 'Signing in' : this.#error;
    const lines = [
      theme.paint('strong', fill(`Sign in to ${this.#host}`, inner)),
      '',
      label('Email', this.#focus === 'email') + field(this.#email, this.#focus === 'email', false),
      label('Password', this.#focus === 'password') + field(this.#password, this.#focus === 'password', true),
      '',
      ...wrap(told, inner).map((each) => theme.paint(this.#isBusy ? 'busy' : 'bad', fill(each, inner))),
    ].map((each) => left + each + ' '.repeat(Math.max(0, width - left.length - widthOf(each))));
    const above = Math.max(0, Math.floor((height - lines.length) / 2) - 1);
    return exactly([...Array.from({ length: above }, () => ' '.repeat(width)), ...lines], height, width);
  }
}
