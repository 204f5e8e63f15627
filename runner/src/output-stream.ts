import { StringDecoder } from 'node:string_decoder';
import { longestSecret, plainLine, type Redactor } from '@hq/shared/text';

export interface StreamLimits {
  /** Characters that are kept from the begin, shown while the command runs. */
  readonly head: number;
  /** Characters that are kept from the end, shown when the command ends. */
  readonly tail: number;
}

/** A line without an end is cut here, beside a secret and not through it. */
const longestLine = longestSecret;
const longestName = 128;

/**
 * One stream of one command: bytes in, clean and redacted text out, bounded whatever comes in. Text passes through until
 * the head is full; from then on only the last part is kept, as it came, and cleaned when the stream ends.
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
    // What was cut may begin inside an escape code, a character or a secret: begin at the next line, or far enough in.
    const firstEnd = this.#leftOut === 0 ? -1 : kept.indexOf('\n');
    const from =
      this.#leftOut === 0 ? 0 : firstEnd >= 0 && firstEnd < longestSecret ? firstEnd + 1 : longestSecret;
    const lines = kept.slice(from).split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (this.#leftOut > 0) this.#redactLine = redactFromTheMiddle(this.#redactor, lines);
    const cleaned = lines.map((line) => `${this.#clean(line)}\n`).join('');
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
    // Text is taken in small steps, so that one huge write costs no more than many small ones.
    for (let at = 0; at < text.length; at += longestLine) {
      if (this.#headIsFull) {
        this.#keep(text.slice(at));
        return;
      }
      this.#open += text.slice(at, at + longestLine);
      this.#pass();
    }
  }

  /** Passes every whole line on, and the begin of one that is too long. */
  #pass(): void {
    let begin = 0;
    for (let end = this.#open.indexOf('\n'); end >= 0; end = this.#open.indexOf('\n', begin)) {
      this.#emitWithinHead(this.#clean(this.#open.slice(begin, end)), '\n');
      begin = end + 1;
      if (this.#headIsFull) break;
    }
    this.#open = this.#open.slice(begin);
    while (!this.#headIsFull && this.#open.length > 2 * longestLine) {
      const cut = this.#cut(this.#open);
      this.#emitWithinHead(this.#clean(this.#open.slice(0, cut)), '');
      this.#open = this.#open.slice(cut);
    }
    if (this.#headIsFull) {
      const rest = this.#open;
      this.#open = '';
      this.#keep(rest);
    }
  }

  /** Where to cut a line: not through a secret, nor between it and the name before it by which it is known. */
  #cut(text: string): number {
    const secrets = this.#redactor.spans(text);
    let cut = longestLine;
    for (;;) {
      const through = secrets.find((span) => span.start - longestName < cut && cut < span.end);
      if (through === undefined) return cut;
      if (through.start <= longestName) return Math.max(longestLine, through.end);
      cut = through.start - longestName;
    }
  }

  #emitWithinHead(text: string, lineEnd: string): void {
    this.#passed += text.length + lineEnd.length;
    this.#headIsFull = this.#passed >= this.#limits.head;
    this.#emit(text + lineEnd);
  }

  #keep(text: string): void {
    // Escape codes and the cut may take away from what is kept, so twice as much is.
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

/** A tail that ends a private key which it did not begin is inside that key until there. */
function redactFromTheMiddle(redactor: Redactor, lines: readonly string[]): (line: string) => string {
  const redact = redactor.lines();
  const ends = lines.findIndex((line) => /-----END [A-Z ]*PRIVATE KEY-----/.test(line));
  const begins = lines.findIndex((line) => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(line));
  const cutThrough = ends >= 0 && (begins < 0 || begins > ends);
  if (!cutThrough) return redact;
  let at = -1;
  return (line) => {
    at += 1;
    return at <= ends ? '[redacted]' : redact(line);
  };
}
