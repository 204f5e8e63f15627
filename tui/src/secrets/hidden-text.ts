import type { KeyPress, Paste } from '../terminal/input.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Text that is typed or pasted and never shown: of what it holds only how much it is can be told. */
export class HiddenText {
  #text = '';

  get isEmpty(): boolean {
    return this.#text === '';
  }

  /** How much it is: `51 characters`, `1704 characters in 28 lines`. */
  get told(): string {
    const characters = [...this.#text].length;
    const lines = this.#text.replace(/\n$/, '').split('\n').length;
    const counted = `${characters} ${characters === 1 ? 'character' : 'characters'}`;
    return lines === 1 ? counted : `${counted} in ${lines} lines`;
  }

  /** Says whether the input had to do with it. */
  press(input: KeyPress | Paste): boolean {
    if (input.type === 'paste') this.#text += withNewlines(input.text);
    else if (input.text !== null) this.#text += input.text;
    else if (input.name === 'backspace') this.#text = withoutLast(this.#text);
    else if (input.name === 'ctrl-u') this.#text = '';
    else return false;
    return true;
  }

  /** Gives it away, without the newline that copied lines end with: nothing of it is held here any more. */
  take(): string {
    const text = this.#text.replace(/\n$/, '');
    this.#text = '';
    return text;
  }

  /** What has been given away comes back, for somebody whose request did not get through. */
  giveBack(text: string): void {
    this.#text = text;
  }

  wipe(): void {
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
