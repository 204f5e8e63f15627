import type { Writable } from 'node:stream';
import { widthOf } from '../table/cell.ts';

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

/** Returns JSON with escapes in place of what is not ASCII: the same document, of which nothing is lost. */
export function toAsciiJson(json: string): string {
  return json.replace(/[^\0-\u007e]/g, escaped);
}

/** Returns JSON with escapes in place of the controls and direction marks that JSON allows and terminals obey. */
export function toVisibleJson(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (sign) => sign.replace(/./gs, escaped));
}

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A stream that gets ASCII alone. */
export function asciiOutput<Output extends Writable>(output: Output): Output {
  const write = (text: string | Uint8Array, ...rest: unknown[]): boolean =>
    Reflect.apply(output.write, output, [typeof text === 'string' ? toAscii(text) : text, ...rest]);
  return new Proxy(output, {
    get: (target, name) => (name === 'write' ? write : Reflect.get(target, name)),
  });
}
