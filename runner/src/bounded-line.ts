import { longestSecret, type Redactor } from '@hq/shared/text';

/** One line that grows to a limit. What is longer is cut beside a secret: a part of one would not be recognized later. */
export class BoundedLine {
  readonly #most: number;
  readonly #redactor: Pick<Redactor, 'cut'>;
  #text = '';

  constructor(most: number, redactor: Pick<Redactor, 'cut'>) {
    this.#most = most;
    this.#redactor = redactor;
  }

  append(text: string): void {
    // Shows where a secret ends that begins before the cut.
    const free = this.#most + longestSecret - this.#text.length;
    this.#text += text.slice(0, Math.max(0, free));
  }

  peek(): string {
    if (this.#text.length <= this.#most) return this.#text;
    return `${this.#text.slice(0, this.#redactor.cut(this.#text, this.#most))} … (cut)`;
  }

  /** Returns the line and begins the next one. */
  take(): string {
    const line = this.peek();
    this.#text = '';
    return line;
  }
}
