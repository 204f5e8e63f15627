import type { Redactor } from '@hq/shared/text';
import { OutputStream, type StreamLimits } from './output-stream.ts';

export type StreamName = 'stdout' | 'stderr';

export interface OutputChunk {
  readonly seq: number;
  readonly stream: StreamName;
  readonly text: string;
}

/** Receives a handler's output. Bytes may come in any pieces; `line` takes a whole line. */
export interface Output {
  line(text: string, stream?: StreamName): void;
  write(bytes: Buffer | string, stream?: StreamName): void;
}

export interface OutputLimits extends StreamLimits {
  /** Longest chunk in characters. */
  readonly chunk: number;
  /** Characters of each stream kept in the command's row, from its start and its end together. */
  readonly row: number;
}

/** Keeps both streams together below the 256 KiB that the database stores, unless most of it is not ASCII. */
export const outputLimits: OutputLimits = {
  head: 32 * 1024,
  tail: 64 * 1024,
  chunk: 4 * 1024,
  row: 16 * 1024,
};

interface WaitingChunk {
  readonly seq: number;
  readonly stream: StreamName;
  text: string;
  /** True after it was sent once: its number identifies this text, so it must not grow. */
  sealed: boolean;
}

/** Output of one command, sanitized, redacted and bounded, in chunks that wait here until the database accepted them. */
export class CommandOutput implements Output {
  readonly #streams: Readonly<Record<StreamName, OutputStream>>;
  readonly #limits: OutputLimits;
  readonly #whole: Record<StreamName, string> = { stdout: '', stderr: '' };
  readonly #onChunk: () => void;
  #waiting: WaitingChunk[] = [];
  #nextSeq = 0;
  #ended = false;

  constructor(redactor: Redactor, onChunk: () => void, limits: OutputLimits = outputLimits) {
    this.#limits = limits;
    this.#onChunk = onChunk;
    this.#streams = {
      stdout: new OutputStream(limits, redactor, (text) => this.#add('stdout', text)),
      stderr: new OutputStream(limits, redactor, (text) => this.#add('stderr', text)),
    };
  }

  line(text: string, stream: StreamName = 'stdout'): void {
    this.write(`${text}\n`, stream);
  }

  write(bytes: Buffer | string, stream: StreamName = 'stdout'): void {
    // A handler that ignored its abort signal may still write after its command ended.
    if (!this.#ended) this.#streams[stream].write(bytes);
  }

  /** Ends both streams; later writes are ignored. */
  end(): void {
    if (this.#ended) return;
    for (const stream of Object.values(this.#streams)) stream.end();
    this.#ended = true;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Returns the oldest chunks that are not acknowledged. */
  take(most: number): readonly OutputChunk[] {
    return this.#waiting.slice(0, most).map((chunk) => {
      chunk.sealed = true;
      return { seq: chunk.seq, stream: chunk.stream, text: chunk.text };
    });
  }

  acknowledge(chunks: readonly OutputChunk[]): void {
    const arrived = new Set(chunks.map((chunk) => chunk.seq));
    this.#waiting = this.#waiting.filter((chunk) => !arrived.has(chunk.seq));
  }

  /** Returns the part of one stream that goes into the command's row. */
  summary(stream: StreamName): string {
    const whole = this.#whole[stream];
    if (whole.length <= this.#limits.row) return whole;
    const half = this.#limits.row / 2;
    const leftOut = whole.length - this.#limits.row;
    return `${whole.slice(0, half)}\n… ${leftOut} characters left out …\n${whole.slice(-half)}`.toWellFormed();
  }

  #add(stream: StreamName, text: string): void {
    this.#whole[stream] += text;
    for (const piece of pieces(text, this.#limits.chunk)) {
      const last = this.#waiting.at(-1);
      const grows =
        last?.stream === stream && !last.sealed && last.text.length + piece.length <= this.#limits.chunk;
      if (grows) last.text += piece;
      else this.#waiting.push({ seq: this.#nextSeq++, stream, text: piece, sealed: false });
    }
    this.#onChunk();
  }
}

/** Cuts a text into pieces, never between the two surrogates of a character. */
function* pieces(text: string, most: number): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const last = text.charCodeAt(at + most - 1);
    const end = at + (last >= 0xd800 && last <= 0xdbff ? most - 1 : most);
    yield text.slice(at, end);
    at = end;
  }
}
