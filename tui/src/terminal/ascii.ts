import { widthOf } from '../table/cell.ts';
import type { TerminalOutput } from './modes.ts';

const beyondAscii = /[^\0-\u007f]+/gu;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The ASCII of signs that HQ's own texts have, each one column wide. */
const signs: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '-': '·–—−─━═',
    '|': '│┃║',
    '+': '╭╮╰╯┌┐└┘├┤┬┴┼',
    '~': '…◐',
    '"': '“”„',
    "'": '‘’',
    '<': '‹«←',
    '>': '›»→▸▌',
    '*': '•●',
    x: '×✕',
    '!': '▲',
    '=': '‖',
    '^': '↑',
    v: '↓',
    ' ': '\u00a0',
  }).flatMap(([ascii, all]) => [...all].map((sign) => [sign, ascii] as const)),
);

/** Returns a text in ASCII, as many columns wide as before: letters without their accents, `?` for what has no likeness. */
export function toAscii(text: string): string {
  return text.replace(beyondAscii, (part) =>
    Array.from(graphemes.segment(part), ({ segment }) => asciiOf(segment)).join(''),
  );
}

function asciiOf(grapheme: string): string {
  const width = widthOf(grapheme);
  const likeness = signs.get(grapheme) ?? grapheme.normalize('NFKD').replace(/\p{M}/gu, '');
  return likeness.length === width && /^[ -~]*$/.test(likeness) ? likeness : '?'.repeat(width);
}

/** A terminal that gets ASCII alone. */
export function asciiOutput(output: TerminalOutput): TerminalOutput {
  const write = (text: string | Uint8Array, ...rest: unknown[]): boolean =>
    Reflect.apply(output.write, output, [typeof text === 'string' ? toAscii(text) : text, ...rest]);
  return new Proxy(output, {
    get: (target, name) => (name === 'write' ? write : Reflect.get(target, name)),
  });
}
