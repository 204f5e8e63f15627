import { StringDecoder } from 'node:string_decoder';
import type { Input } from './input.ts';
import { InputDecoder } from './input-decoder.ts';

/** The part of a terminal's input stream that is used. */
export interface TerminalInput {
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
}

/**
 * Milliseconds of silence after which a lone escape is the key, an answer of the terminal is forgotten, and the end mark of a paste
 * is lost. Arrows and pastes over a slow link come in pieces.
 */
const patienceMs = { escape: 50, sequence: 500, paste: 3_000 };

/**
 * The one reader of the terminal. It reads in flowing mode and truly stops in between, so that a program the terminal is
 * lent to gets every key that is meant for it.
 */
export class InputReader {
  readonly #input: TerminalInput;
  readonly #listener: (input: Input) => void;
  readonly #closed: () => void;
  #decoder = new InputDecoder();
  #text = new StringDecoder('utf8');
  #timer: NodeJS.Timeout | undefined;
  #reading = false;

  constructor(input: TerminalInput, listener: (input: Input) => void, closed: () => void) {
    this.#input = input;
    this.#listener = listener;
    this.#closed = closed;
  }

  start(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#decoder = new InputDecoder();
    this.#text = new StringDecoder('utf8');
    this.#input.setRawMode?.(true);
    this.#input.on('data', this.#read);
    this.#input.on('end', this.#closed);
    this.#input.resume();
  }

  stop(): void {
    if (!this.#reading) return;
    this.#reading = false;
    clearTimeout(this.#timer);
    this.#input.off('data', this.#read);
    this.#input.off('end', this.#closed);
    this.#input.pause();
    this.#input.setRawMode?.(false);
  }

  readonly #read = (chunk: Buffer): void => {
    clearTimeout(this.#timer);
    for (const input of this.#decoder.push(this.#text.write(chunk))) {
      this.#listener(input);
      // A key may have lent the terminal to another program; what follows is not ours any more.
      if (!this.#reading) return;
    }
    const waiting = this.#decoder.waiting;
    if (waiting === null) return;
    this.#timer = setTimeout(() => {
      for (const input of this.#decoder.settle()) this.#listener(input);
    }, patienceMs[waiting]);
  };
}
