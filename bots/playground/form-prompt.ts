import type { Form } from './platform.ts';

/** Asks for the fields of a form, one typed line each. */
export class FormPrompt {
  readonly #print: (text: string) => void;
  #form: Form | null = null;
  #values: Record<string, string> = {};
  #index = 0;

  constructor(print: (text: string) => void) {
    this.#print = print;
  }

  /** True from `open` until the form is submitted or closed. */
  get isOpen(): boolean {
    return this.#form !== null;
  }

  open(form: Form): void {
    this.#form = form;
    this.#values = {};
    this.#index = 0;
    this.#print(`\nA form: ${form.title}. An empty line leaves a field as it is; [Cancel] closes the form.`);
    this.#ask();
  }

  /** Takes the value of the next field, and submits the form after the last one. */
  async answer(line: string): Promise<void> {
    const form = this.#form;
    const field = form?.fields[this.#index];
    // Without a field, the form is being submitted.
    if (form === null || field === undefined) return;
    if (line.toLowerCase() === '[cancel]') {
      form.close();
      this.#form = null;
      return;
    }
    if (line !== '') this.#values[field.label] = line;
    this.#index += 1;
    if (this.#index < form.fields.length) return this.#ask();
    try {
      await form.submit(this.#values);
    } finally {
      this.#form = null;
    }
  }

  #ask(): void {
    const field = this.#form?.fields[this.#index];
    if (field === undefined) return;
    this.#print(`${field.label}${field.choices.length > 0 ? ` (${field.choices.join(', ')})` : ''}?`);
  }
}
