import { plainLine } from './plain.ts';

/** Shorter values are ignored: half of all text would contain them. */
const shortestKnownValue = 8;

/** A longer value is split into pieces, so that a truncated value is still recognized. */
const longestPiece = 512;

const base = 0x01000193;
const basePower = power(base, shortestKnownValue);

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds any of many values in text (Rabin-Karp): the hash of eight characters moves along the text, and a value is
 * compared only at a place with its hash. The time does not grow with the number or the length of the values.
 */
export class KnownValues {
  readonly #byHash = new Map<number, string[]>();
  /** A flag for each hash by its upper bits: rules out almost every place in a text. */
  readonly #seen = new Uint8Array(1 << 16);

  constructor(values: Iterable<string>) {
    for (const piece of new Set(printedForms(values))) {
      const hash = hashOfStart(piece);
      this.#seen[hash >>> 16] = 1;
      const sameHash = this.#byHash.get(hash);
      if (sameHash === undefined) this.#byHash.set(hash, [piece]);
      else sameHash.push(piece);
    }
    for (const sameHash of this.#byHash.values()) sameHash.sort((one, other) => other.length - one.length);
  }

  /** Returns the positions of values from left to right, the longest match at each place, adjacent ones as one. */
  spans(text: string): Span[] {
    const found: Span[] = [];
    if (this.#byHash.size === 0 || text.length < shortestKnownValue) return found;
    let hash = hashOfStart(text);
    let from = 0;
    for (let at = 0; ; at += 1) {
      if (at >= from && this.#seen[hash >>> 16] === 1) {
        const value = this.#byHash.get(hash)?.find((piece) => text.startsWith(piece, at));
        if (value !== undefined) {
          from = at + value.length;
          const last = found.at(-1);
          if (last?.end === at) found[found.length - 1] = { start: last.start, end: from };
          else found.push({ start: at, end: from });
        }
      }
      const next = at + shortestKnownValue;
      if (next >= text.length) return found;
      hash =
        (Math.imul(hash, base) + text.charCodeAt(next) - Math.imul(text.charCodeAt(at), basePower)) >>> 0;
    }
  }
}

/** Yields every form in which programs print a value: plain, its lines, JSON, URL, shell, without control characters. */
function* printedForms(values: Iterable<string>): Generator<string> {
  for (const value of values) {
    const whole = [value.trim(), ...value.split(/\r?\n/).map((line) => line.trim())];
    for (const text of whole) {
      if (text.length < shortestKnownValue) continue;
      yield* pieces(text);
      yield* pieces(JSON.stringify(text).slice(1, -1));
      yield* pieces(encodeURIComponent(text.toWellFormed()));
      yield* pieces(text.replaceAll("'", "'\\''"));
      yield* pieces(plainLine(text));
    }
  }
}

function* pieces(text: string): Generator<string> {
  if (text.length < shortestKnownValue) return;
  let at = 0;
  for (; text.length - at >= 2 * longestPiece; at += longestPiece) yield text.slice(at, at + longestPiece);
  yield text.slice(at);
}

function hashOfStart(text: string): number {
  let hash = 0;
  for (let at = 0; at < shortestKnownValue; at += 1)
    hash = (Math.imul(hash, base) + text.charCodeAt(at)) >>> 0;
  return hash;
}

function power(of: number, exponent: number): number {
  let result = 1;
  for (let times = 0; times < exponent; times += 1) result = Math.imul(result, of);
  return result;
}
