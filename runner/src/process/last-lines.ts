import { StringDecoder } from 'node:string_decoder';
import type { Redactor } from '@hq/shared/text';
import { BoundedLine } from '../bounded-line.ts';

/** Longest line in characters; the rest is cut. */
const longestLine = 16_384;

/** Keeps the last lines of a process's output, in bounded memory. */
export class LastLines {
  readonly #most: number;
  readonly #decoder = new StringDecoder('utf8');
  readonly #open: BoundedLine;
  #lines: string[] = [];

  constructor(most: number, redactor: Pick<Redactor, 'cut'>) {
    this.#most = most;
    this.#open = new BoundedLine(longestLine, redactor);
  }

  write(bytes: Buffer): void {
    const [first = '', ...others] = this.#decoder.write(bytes).split('\n');
    this.#open.append(first);
    for (const next of others) {
      this.#lines.push(this.#open.take());
      this.#open.append(next);
    }
    // Trims rarely, not at every line.
    if (this.#lines.length > 2 * this.#most) this.#lines = this.#lines.slice(-this.#most);
  }

  last(count: number): readonly string[] {
    const open = this.#open.peek();
    const all = open === '' ? this.#lines : [...this.#lines, open];
    return all.slice(-Math.min(count, this.#most));
  }
}
