import { plainLine } from './plain.ts';

/** Shorter values are ignored: half of all text would contain them. */
export const shortestPiece = 8;

/** A longer text is split into pieces, so that a value that was cut is still recognized. */
const longestPiece = 512;

/** A part of one written form of a value. */
export interface Piece {
  readonly length: number;
  /** Its first and its last eight characters. */
  readonly start: string;
  readonly end: string;
  /** Computes an encoded form again: thousands of them would fill the memory. */
  text(): string;
}

/** Returns the parts of all forms that are searched for. `decodedViews` finds the escaped ones. */
export function printedPieces(value: string): readonly Piece[] {
  const whole = value.trim();
  const pieces: Piece[] = [];
  const seen = new Set<string>();
  const add = (written: string, again?: () => string): void => {
    if (seen.has(written)) return;
    seen.add(written);
    for (const { from, to } of cuts(written.length)) {
      const start = written.slice(from, from + shortestPiece);
      const end = written.slice(to - shortestPiece, to);
      const text = again === undefined ? written.slice(from, to) : '';
      pieces.push({ length: to - from, start, end, text: () => again?.().slice(from, to) ?? text });
    }
  };
  const lines = whole.includes('\n') ? whole.split('\n').map((line) => line.trim()) : [];
  for (const text of [whole, ...lines]) {
    if (text.length < shortestPiece) continue;
    add(text);
    add(plainLine(text));
    if (text.includes(' ')) add(text.replaceAll(' ', '+'));
    if (!text.includes("'")) continue;
    // In single quotes of a shell, as sh and Python write it.
    add(text.replaceAll("'", "'\\''"));
    add(text.replaceAll("'", "'\"'\"'"));
  }
  if (whole.length < shortestPiece) return pieces;
  for (const encode of encodings) add(encode(whole), () => encode(whole));
  return pieces;
}

const encodings: readonly ((value: string) => string)[] = [
  (value) => Buffer.from(value).toString('hex'),
  (value) => Buffer.from(value).toString('hex').toUpperCase(),
  // Base64 of a value that stands 0, 1 or 2 bytes behind a multiple of three, in both alphabets.
  ...(['base64', 'base64url'] as const).flatMap((alphabet) =>
    [0, 1, 2].map((offset) => (value: string) => base64Within(value, offset, alphabet)),
  ),
];

/** Leaves out the first and the last character where they contain bits of a neighbour. */
function base64Within(value: string, offset: number, alphabet: 'base64' | 'base64url'): string {
  const bytes = Buffer.from(`${'\0'.repeat(offset)}${value}`);
  return bytes.toString(alphabet).slice(Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6));
}

/** The last piece begins inside the one before it: all have the same length. */
function cuts(length: number): readonly { readonly from: number; readonly to: number }[] {
  if (length < shortestPiece) return [];
  if (length <= longestPiece) return [{ from: 0, to: length }];
  const found = [];
  for (let from = 0; from + longestPiece < length; from += longestPiece)
    found.push({ from, to: from + longestPiece });
  return [...found, { from: length - longestPiece, to: length }];
}
