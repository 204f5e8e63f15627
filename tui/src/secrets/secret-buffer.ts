import { counted } from '@hq/shared/text';
import type { KeyPress, Paste } from '../terminal/input.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Text that is typed or pasted and never shown: only its size can be read without taking it. */
export class SecretBuffer {
  #text = '';

  get isEmpty(): boolean {
    return this.#text === '';
  }

  /** `51 characters`, `1704 characters in 28 lines`. */
  get size(): string {
    const characters = [...this.#text].length;
    const lines = this.#text.replace(/\n$/, '').split('\n').length;
    const size = counted(characters, 'character');
    return lines === 1 ? size : `${size} in ${lines} lines`;
  }

  /** Returns false for an input that edits nothing. */
  press(input: KeyPress | Paste): boolean {
    if (input.type === 'paste') this.#text += withNewlines(input.text);
    else if (input.text !== null) this.#text += input.text;
    else if (input.name === 'backspace') this.#text = withoutLast(this.#text);
    else if (input.name === 'ctrl-u') this.#text = '';
    else return false;
    return true;
  }

  /** Returns the text without a final newline, which copied lines have, and forgets it. */
  take(): string {
    const text = this.#text.replace(/\n$/, '');
    this.#text = '';
    return text;
  }

  /** Holds a text again whose request failed. */
  restore(text: string): void {
    this.#text = text;
  }

  clear(): void {
    this.#text = '';
  }
}

/** Terminals paste carriage returns where the text had newlines. */
function withNewlines(pasted: string): string {
  return pasted.replaceAll(/\r\n?/g, '\n');
}

function withoutLast(text: string): string {
  const last = [...graphemes.segment(text.slice(-64))].at(-1)?.segment ?? '';
  return text.slice(0, text.length - last.length);
}
