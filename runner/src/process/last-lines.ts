import { StringDecoder } from 'node:string_decoder';

const longestLine = 16_384;

/** Keeps the last lines of a process's output, in bounded memory. */
export class LastLines {
  readonly #most: number;
  readonly #decoder = new StringDecoder('utf8');
  #lines: string[] = [];
  #open = '';

  constructor(most: number) {
    this.#most = most;
  }

  write(bytes: Buffer): void {
    const parts = (this.#open + this.#decoder.write(bytes)).split('\n');
    this.#open = (parts.pop() ?? '').slice(0, longestLine);
    for (const part of parts) this.#lines.push(part.slice(0, longestLine));
    // Trims rarely, not at every line.
    if (this.#lines.length > 2 * this.#most) this.#lines = this.#lines.slice(-this.#most);
  }

  last(count: number): readonly string[] {
    const all = this.#open === '' ? this.#lines : [...this.#lines, this.#open];
    return all.slice(-Math.min(count, this.#most));
  }
}
