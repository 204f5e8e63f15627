import { truncate } from '@hq/shared/text';
import stringWidth from 'string-width';

const ascii = /^[\u0020-\u007e]*$/;

/** Returns the terminal columns of a text that has no control characters but colours. */
export function widthOf(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text);
}

/** Cuts a plain text to at most `columns`, with an ellipsis where something is left out. */
export function cut(text: string, columns: number, ellipsis = '…'): string {
  if (columns <= 0) return '';
  if (ascii.test(text)) {
    return text.length <= columns ? text : text.slice(0, columns - ellipsis.length) + ellipsis;
  }
  return truncate(text, columns, { measure: stringWidth, ellipsis });
}

/** Cuts or pads a text to exactly `columns`. */
export function fill(
  text: string,
  columns: number,
  align: 'left' | 'right' = 'left',
  ellipsis = '…',
): string {
  const shown = cut(text, columns, ellipsis);
  const space = ' '.repeat(Math.max(0, columns - widthOf(shown)));
  return align === 'left' ? shown + space : space + shown;
}

/** Breaks plain text into lines of at most `columns`, at spaces where possible. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && widthOf(line) + 1 + widthOf(rest) <= columns) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (widthOf(rest) > columns) {
      const head = cut(rest, columns, '');
      if (head === '') break;
      lines.push(head);
      rest = rest.slice(head.length);
    }
    line = rest;
  }
  lines.push(line);
  return lines;
}
