import { StringDecoder } from 'node:string_decoder';
import { longestSecret, plainLine, type Redactor, withoutCutKey } from '@hq/shared/text';

export interface StreamLimits {
  /** Characters kept from the start, shown while the command runs. */
  readonly head: number;
  /** Characters kept from the end, shown when the command ends. */
  readonly tail: number;
}

/** A line without an end is cut here, next to a secret and never inside it. */
const longestLine = longestSecret;

/**
 * Turns the bytes of one stream into sanitized, redacted text of bounded length. Text passes through until the head is
 * full; afterwards only the last part is kept as it came, and sanitized when the stream ends.
 */
export class OutputStream {
  readonly #decoder = new StringDecoder('utf8');
  readonly #limits: StreamLimits;
  readonly #redactor: Redactor;
  readonly #emit: (text: string) => void;
  #redactLine: (line: string) => string;
  #open = '';
  #passed = 0;
  #tail: string[] = [];
  #tailLength = 0;
  #leftOut = 0;
  #headIsFull = false;

  constructor(limits: StreamLimits, redactor: Redactor, emit: (text: string) => void) {
    this.#limits = limits;
    this.#redactor = redactor;
    this.#redactLine = redactor.lines();
    this.#emit = emit;
  }

  write(bytes: Buffer | string): void {
    this.#take(typeof bytes === 'string' ? bytes : this.#decoder.write(bytes));
  }

  end(): void {
    this.#take(this.#decoder.end());
    if (!this.#headIsFull) {
      if (this.#open !== '') this.#emit(`${this.#clean(this.#open)}\n`);
      this.#open = '';
      return;
    }
    const kept = this.#tail.join('');
    this.#tail = [];
    // The cut may be inside an escape code, a character or a secret: start at the next line, or far enough in.
    const firstEnd = this.#leftOut === 0 ? -1 : kept.indexOf('\n');
    const from =
      this.#leftOut === 0 ? 0 : firstEnd >= 0 && firstEnd < longestSecret ? firstEnd + 1 : longestSecret;
    const lines = kept.slice(from).split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (this.#leftOut > 0) this.#redactLine = this.#redactor.lines();
    const whole = this.#leftOut > 0 ? withoutCutKey(lines) : lines;
    const cleaned = whole.map((line) => `${this.#clean(line)}\n`).join('');
    const shown = cleaned.slice(-this.#limits.tail);
    const leftOut = this.#leftOut + from + Math.max(0, cleaned.length - shown.length);
    if (leftOut > 0) this.#emit(`… ${leftOut} characters left out …\n`);
    this.#emit(shown);
  }

  #take(text: string): void {
    if (text === '') return;
    if (this.#headIsFull) {
      this.#keep(text);
      return;
    }
    // Small steps keep one huge write as cheap as many small ones.
    for (let at = 0; at < text.length; at += longestLine) {
      if (this.#headIsFull) {
        this.#keep(text.slice(at));
        return;
      }
      this.#open += text.slice(at, at + longestLine);
      this.#pass();
    }
  }

  /** Emits every whole line, and the start of a line that is too long. */
  #pass(): void {
    let begin = 0;
    for (let end = this.#open.indexOf('\n'); end >= 0; end = this.#open.indexOf('\n', begin)) {
      this.#emitWithinHead(this.#clean(this.#open.slice(begin, end)), '\n');
      begin = end + 1;
      if (this.#headIsFull) break;
    }
    this.#open = this.#open.slice(begin);
    while (!this.#headIsFull && this.#open.length > 2 * longestLine) {
      const cut = this.#redactor.cut(this.#open, longestLine);
      this.#emitWithinHead(this.#clean(this.#open.slice(0, cut)), '');
      this.#open = this.#open.slice(cut);
    }
    if (this.#headIsFull) {
      const rest = this.#open;
      this.#open = '';
      this.#keep(rest);
    }
  }

  #emitWithinHead(text: string, lineEnd: string): void {
    this.#passed += text.length + lineEnd.length;
    this.#headIsFull = this.#passed >= this.#limits.head;
    this.#emit(text + lineEnd);
  }

  #keep(text: string): void {
    // Twice the limit, since removing escape codes and the cut shorten the text.
    const most = 2 * this.#limits.tail + longestSecret;
    const last = text.length > most ? text.slice(-most) : text;
    this.#leftOut += text.length - last.length;
    this.#tail.push(last);
    this.#tailLength += last.length;
    if (this.#tail.length > 256) this.#tail = [this.#tail.join('')];
    while (this.#tailLength > most) {
      const first = this.#tail[0] ?? '';
      const over = Math.min(first.length, this.#tailLength - most);
      if (over === first.length) this.#tail.shift();
      else this.#tail[0] = first.slice(over);
      this.#tailLength -= over;
      this.#leftOut += over;
    }
  }

  #clean(line: string): string {
    return this.#redactLine(plainLine(line));
  }
}
