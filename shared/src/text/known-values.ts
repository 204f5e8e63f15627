import { type Piece, printedPieces, shortestPiece } from './printed-pieces.ts';

const base = 0x01000193;
const droppedBits = 12;
const basePower = power(base, shortestPiece);

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds any of many values in text (Rabin-Karp): the hash of eight characters moves along the text, and a value is
 * compared only at a place with its hash. The time does not grow with the number or the length of the values.
 */
export class KnownValues {
  readonly #byHash = new Map<number, Piece[]>();
  /** A flag for each hash by its upper bits: rules out almost every place in a text. */
  #seen = new Uint8Array(0);

  constructor(values: Iterable<string>) {
    for (const value of new Set(values)) {
      for (const piece of printedPieces(value)) this.#add(piece);
    }
    for (const sameHash of this.#byHash.values()) sameHash.sort((one, other) => other.length - one.length);
  }

  get isEmpty(): boolean {
    return this.#byHash.size === 0;
  }

  /**
   * Returns the positions of values from left to right, adjacent ones as one. With `isOpen`
   * the text continues elsewhere: a value of which it ends with eight characters or more counts.
   */
  spans(text: string, isOpen = false): Span[] {
    const found: Span[] = [];
    if (this.isEmpty || text.length < shortestPiece) return found;
    let hash = hashOfStart(text);
    let from = -1;
    for (let at = 0; ; at += 1) {
      if (this.#seen[hash >>> droppedBits] === 1) {
        const length = this.#lengthAt(text, at, hash, isOpen);
        if (length > 0 && at + length > from) {
          const start = at <= from ? (found.pop()?.start ?? at) : at;
          from = at + length;
          found.push({ start, end: from });
        }
      }
      const next = at + shortestPiece;
      if (next >= text.length) return found;
      hash =
        (Math.imul(hash, base) + text.charCodeAt(next) - Math.imul(text.charCodeAt(at), basePower)) >>> 0;
    }
  }

  /** Returns the length of the longest value at a place, 0 for none. */
  #lengthAt(text: string, at: number, hash: number, isOpen: boolean): number {
    for (const piece of this.#byHash.get(hash) ?? []) {
      const left = text.length - at;
      if (left >= piece.length) {
        // The end is cheap to compare, the whole may have to be encoded.
        const hasEnd = text.startsWith(piece.end, at + piece.length - shortestPiece);
        if (hasEnd && text.startsWith(piece.text(), at)) return piece.length;
      } else if (isOpen && piece.text().startsWith(text.slice(at))) return left;
    }
    return 0;
  }

  #add(piece: Piece): void {
    if (this.#seen.length === 0) this.#seen = new Uint8Array(1 << (32 - droppedBits));
    const hash = hashOfStart(piece.start);
    this.#seen[hash >>> droppedBits] = 1;
    const sameHash = this.#byHash.get(hash);
    if (sameHash === undefined) this.#byHash.set(hash, [piece]);
    else sameHash.push(piece);
  }
}

function hashOfStart(text: string): number {
  let hash = 0;
  for (let at = 0; at < shortestPiece; at += 1) hash = (Math.imul(hash, base) + text.charCodeAt(at)) >>> 0;
  return hash;
}

function power(of: number, exponent: number): number {
  let result = 1;
  for (let times = 0; times < exponent; times += 1) result = Math.imul(result, of);
  return result;
}
