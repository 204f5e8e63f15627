import { widthOf } from '../table/cell.ts';
import type { KeyPress, Paste } from '../terminal/input.ts';

/** One line of text that is being written. The cursor counts graphemes. */
export interface TextField {
  readonly value: string;
  readonly cursor: number;
}

export const emptyField: TextField = { value: '', cursor: 0 };

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function split(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

export function fieldOf(value: string): TextField {
  return { value, cursor: split(value).length };
}

/** The field after a key or a paste; null when the key has nothing to do with writing. */
export function write(field: TextField, input: KeyPress | Paste): TextField | null {
  const parts = split(field.value);
  const at = Math.min(field.cursor, parts.length);
  const put = (before: readonly string[], after: readonly string[]): TextField => ({
    value: [...before, ...after].join(''),
    cursor: before.length,
  });
  if (input.type === 'paste') {
    // One line: what comes after a line break in the clipboard was never meant for it.
    const line = input.text.split(/[\r\n]/)[0] ?? '';
    const clean = line.replace(/\p{Cc}/gu, '');
    return put([...parts.slice(0, at), ...split(clean)], parts.slice(at));
  }
  if (input.text !== null) return put([...parts.slice(0, at), input.text], parts.slice(at));
  switch (input.name) {
    case 'backspace':
      return put(parts.slice(0, Math.max(0, at - 1)), parts.slice(at));
    case 'delete':
    case 'ctrl-d':
      return put(parts.slice(0, at), parts.slice(at + 1));
    case 'left':
    case 'ctrl-b':
      return { ...field, cursor: Math.max(0, at - 1) };
    case 'right':
    case 'ctrl-f':
      return { ...field, cursor: Math.min(parts.length, at + 1) };
    case 'home':
    case 'ctrl-a':
      return { ...field, cursor: 0 };
    case 'end':
    case 'ctrl-e':
      return { ...field, cursor: parts.length };
    case 'ctrl-u':
      return put([], parts.slice(at));
    case 'ctrl-k':
      return put(parts.slice(0, at), []);
    case 'ctrl-w': {
      let start = at;
      while (start > 0 && parts[start - 1] === ' ') start--;
      while (start > 0 && parts[start - 1] !== ' ') start--;
      return put(parts.slice(0, start), parts.slice(at));
    }
    default:
      return null;
  }
}

/** The field with its cursor shown in reverse, no wider than `columns`: the part around the cursor. */
export function showField(field: TextField, columns: number, hidden = false): string {
  const parts = split(field.value).map((part) => (hidden ? '•' : part));
  const at = Math.min(field.cursor, parts.length);
  let first = at;
  let used = 1;
  while (first > 0 && used + widthOf(parts[first - 1] ?? '') < columns) {
    first--;
    used += widthOf(parts[first] ?? '');
  }
  let last = at;
  while (last < parts.length && used + widthOf(parts[last] ?? '') <= columns) {
    used += widthOf(parts[last] ?? '');
    last++;
  }
  const under = at < last ? (parts[at] ?? ' ') : ' ';
  const text = `${parts.slice(first, at).join('')}\u001b[7m${under}\u001b[27m${parts.slice(at + 1, last).join('')}`;
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}
