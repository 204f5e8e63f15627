import { Text } from 'ink';
import type { ReactNode } from 'react';
import { widthOf } from '../table/cell.ts';
import type { KeyPress, Paste } from '../terminal/input.ts';

/** One line of text while it is edited. The cursor counts graphemes. */
export interface EditedText {
  readonly value: string;
  readonly cursor: number;
}

export const noText: EditedText = { value: '', cursor: 0 };

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function split(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

export function editedText(value: string): EditedText {
  return { value, cursor: split(value).length };
}

/** The field after a key or a paste; null for a key that edits nothing. */
export function editText(field: EditedText, input: KeyPress | Paste): EditedText | null {
  const parts = split(field.value);
  const at = Math.min(field.cursor, parts.length);
  const put = (before: readonly string[], after: readonly string[]): EditedText => ({
    value: [...before, ...after].join(''),
    cursor: before.length,
  });
  if (input.type === 'paste') {
    // One line: the rest of the clipboard was not meant for it.
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

interface TextFieldProps {
  readonly text: EditedText;
  /** Columns that it takes; the part around the cursor is shown. */
  readonly width: number;
  readonly hasCursor?: boolean;
  readonly isHidden?: boolean;
}

export function TextField({ text, width, hasCursor = true, isHidden = false }: TextFieldProps): ReactNode {
  return <Text wrap="truncate">{fieldText(text, width, { hasCursor, isHidden })}</Text>;
}

/** The part of a field around its cursor, which is in reverse, in exactly `columns` columns. */
export function fieldText(
  field: EditedText,
  columns: number,
  { hasCursor = true, isHidden = false } = {},
): string {
  const parts = split(field.value).map((part) => (isHidden ? '•' : part));
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
  const text =
    parts.slice(first, at).join('') +
    (hasCursor ? `\u001b[7m${under}\u001b[27m` : under) +
    parts.slice(at + 1, last).join('');
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}
