import parseKeypress from '../../../node_modules/ink/build/parse-keypress.js';
import { type Input, type KeyPress, key, type Mouse } from './input.ts';

const esc = '\u001b';
const pasteEnd = `${esc}[201~`;
/** A paste or an answer longer than this is cut: a hostile program must not fill the memory. */
const longest = 1_000_000;

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Turns the bytes of a terminal (already decoded to text) into keys, pastes, mouse events and answers. A sequence may
 * arrive in any number of pieces; several keys may arrive in one.
 */
export class InputDecoder {
  #pending = '';
  #paste: string | null = null;

  /** The kind of an incomplete input, whose meaning depends on the next bytes; null for none. */
  get waiting(): 'escape' | 'sequence' | 'paste' | null {
    if (this.#paste !== null) return 'paste';
    if (this.#pending === '') return null;
    return this.#pending === esc ? 'escape' : 'sequence';
  }

  push(chunk: string): Input[] {
    const inputs: Input[] = [];
    // Somebody wants out of a paste whose end mark was lost: pasted text does not come in such pieces.
    if (this.#paste !== null && chunk === '\u0003') {
      this.#paste = null;
      this.#pending = '';
    }
    let rest = this.#pending + chunk;
    this.#pending = '';
    while (rest !== '') {
      if (this.#paste !== null) {
        rest = this.#readPaste(rest, inputs);
        continue;
      }
      const start = rest.indexOf(esc);
      if (start !== 0) {
        const typed = start === -1 ? rest : rest.slice(0, start);
        for (const press of typedKeys(typed)) inputs.push(press);
        rest = start === -1 ? '' : rest.slice(start);
        continue;
      }
      const length = sequenceLength(rest);
      if (length === 0) {
        this.#pending = rest.length > longest ? '' : rest;
        break;
      }
      this.#readSequence(rest.slice(0, length), inputs);
      rest = rest.slice(length);
    }
    return inputs;
  }

  /** Nothing more has come: a lone escape was the key, an unfinished sequence was nothing, and a paste was all there is. */
  settle(): Input[] {
    const pending = this.#pending;
    const paste = this.#paste;
    this.#pending = '';
    this.#paste = null;
    if (paste !== null) return [{ type: 'paste', text: paste + pending }];
    return pending === esc ? [key('escape')] : [];
  }

  #readPaste(text: string, inputs: Input[]): string {
    const end = text.indexOf(pasteEnd);
    if (end === -1) {
      // The end mark itself may be cut in two.
      const keep = Math.max(0, text.length - pasteEnd.length + 1);
      this.#paste = `${this.#paste ?? ''}${text.slice(0, keep)}`.slice(0, longest);
      this.#pending = text.slice(keep);
      return '';
    }
    inputs.push({ type: 'paste', text: `${this.#paste ?? ''}${text.slice(0, end)}`.slice(0, longest) });
    this.#paste = null;
    return text.slice(end + pasteEnd.length);
  }

  #readSequence(sequence: string, inputs: Input[]): void {
    if (sequence === esc) {
      inputs.push(key('escape'));
      return;
    }
    const kind = sequence[1];
    if (kind === ']') {
      inputs.push({ type: 'reply', text: sequence.slice(2, sequence.endsWith('\u0007') ? -1 : -2) });
    } else if (sequence === `${esc}[200~`) this.#paste = '';
    else if (kind === '[' || kind === 'O') {
      const read = readMouse(sequence) ?? readKey(sequence);
      if (read !== null) inputs.push(read);
    } else if (kind !== 'P' && kind !== '_' && kind !== '^' && kind !== 'X') {
      for (const press of typedKeys(sequence.slice(1))) inputs.push(key(`alt-${press.name}`));
    }
  }
}

/** Returns the length of the sequence at the start of the text; 0 while it is incomplete. */
function sequenceLength(text: string): number {
  const kind = text[1];
  if (kind === undefined) return 0;
  if (kind === esc) return 1;
  if (kind === '[') {
    if (text[2] === 'M') return text.length < 6 ? 0 : 6;
    for (let at = 2; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code >= 0x40 && code <= 0x7e) return at + 1;
      // Not a part of a sequence: the beginning is dropped, the rest is read on its own.
      if (code < 0x20 || code > 0x7e) return at;
    }
    return 0;
  }
  if (kind === 'O') return text.length < 3 ? 0 : 3;
  if (kind === ']' || kind === 'P' || kind === '_' || kind === '^' || kind === 'X') {
    const closed = text.indexOf(`${esc}\\`, 2);
    const bell = kind === ']' ? text.indexOf('\u0007', 2) : -1;
    if (bell !== -1 && (closed === -1 || bell < closed)) return bell + 1;
    return closed === -1 ? 0 : closed + 2;
  }
  return 1 + String.fromCodePoint(text.codePointAt(1) ?? 0).length;
}

function readMouse(sequence: string): Mouse | null {
  const match = /^<(\d+);(\d+);(\d+)([Mm])$/.exec(sequence.slice(2));
  if (match === null) return null;
  const button = Number(match[1]);
  const place = { x: Number(match[2]) - 1, y: Number(match[3]) - 1 };
  if (button & 64) return { type: 'mouse', kind: button & 1 ? 'wheel-down' : 'wheel-up', ...place };
  if (button & 32) return { type: 'mouse', kind: 'drag', ...place };
  return { type: 'mouse', kind: match[4] === 'M' ? 'press' : 'release', ...place };
}

/** Returns the key of a sequence or of one character; null for what is no key. */
function readKey(sequence: string): KeyPress | null {
  const { name: known, ctrl, meta, shift, eventType, text } = parseKeypress(sequence);
  if (known === '' || eventType === 'release') return null;
  const name = known === 'return' ? 'enter' : known;
  const isLetter = [...name].length === 1;
  const prefix = `${ctrl ? 'ctrl-' : ''}${meta ? 'alt-' : ''}${shift && !isLetter ? 'shift-' : ''}`;
  return key(prefix + name, prefix === '' && isLetter ? (text ?? name) : null);
}

function typedKeys(text: string): KeyPress[] {
  return Array.from(graphemes.segment(text)).flatMap(({ segment }) => {
    if (segment === ' ') return key('space', ' ');
    if (segment === '\r\n') return key('enter');
    const code = segment.charCodeAt(0);
    if (code < 0x20 || code === 0x7f) return readKey(segment) ?? [];
    return code >= 0x80 && code < 0xa0 ? [] : key(segment, segment);
  });
}
