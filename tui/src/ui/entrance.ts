import type { KeyPress, Paste } from '../terminal/input.ts';
import type { Door, House } from './house.ts';
import { sentence } from './sentence.ts';
import { type Credentials, SignInForm } from './sign-in-form.ts';

const retryMs = 3_000;

/** What stands before the screens: it opens the door, asks who is there, and tries again while nobody answers. */
export class Entrance {
  readonly #door: Door;
  readonly #welcome: (house: House) => void;
  readonly #changed: () => void;
  #form: SignInForm | null = null;
  #error: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(door: Door, welcome: (house: House) => void, changed: () => void) {
    this.#door = door;
    this.#welcome = welcome;
    this.#changed = changed;
  }

  get host(): string {
    return this.#door.host;
  }

  /** Where somebody has to sign in. */
  get form(): SignInForm | null {
    return this.#form;
  }

  /** Why it takes so long. */
  get error(): string | null {
    return this.#error;
  }

  async open(): Promise<void> {
    try {
      const house = await this.#door.enter();
      this.#error = null;
      if (house === null) this.#form = new SignInForm(this.#door.host);
      else await this.#letIn(house);
    } catch (failure) {
      this.#error = sentence(failure);
      if (!this.#isClosed) this.#timer = setTimeout(() => void this.open(), retryMs);
    }
    this.#changed();
  }

  press(form: SignInForm, input: KeyPress | Paste): void {
    const credentials = form.press(input);
    if (credentials !== null) void this.#signIn(form, credentials);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #signIn(form: SignInForm, { email, password }: Credentials): Promise<void> {
    try {
      await this.#letIn(await this.#door.signIn(email, password));
      this.#form = null;
    } catch (failure) {
      form.failed(sentence(failure));
    }
    this.#changed();
  }

  async #letIn(house: House): Promise<void> {
    if (this.#isClosed) await house.close();
    else this.#welcome(house);
  }
}
