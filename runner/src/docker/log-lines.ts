import type { Redactor } from '@hq/shared/text';
import { BoundedLine } from '../bounded-line.ts';

/** Longest line in characters; the rest is cut. */
const longestLine = 65_536;

/** Splits the chunks of one stream into lines, in bounded memory. */
class LineReader {
  readonly #decoder = new TextDecoder();
  readonly #line: BoundedLine;

  constructor(redactor: Pick<Redactor, 'cut'>) {
    this.#line = new BoundedLine(longestLine, redactor);
  }

  *read(bytes: Uint8Array): Iterable<string> {
    yield* this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  *end(): Iterable<string> {
    yield* this.#take(this.#decoder.decode());
    if (this.#line.peek() !== '') yield this.#finish();
  }

  *#take(text: string): Iterable<string> {
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#line.append(text.slice(start, end));
      yield this.#finish();
      start = end + 1;
    }
    this.#line.append(text.slice(start));
  }

  #finish(): string {
    return this.#line.take().replace(/\r$/, '');
  }
}

/**
 * Demultiplexes the engine's log stream: frames of an 8-byte header (stream number, three zeros, length) and a payload,
 * which may be cut anywhere, also inside a header. dockerode's demultiplexer recurses once per frame and copies the rest
 * each time: a long log overflows the stack.
 */
async function* payloads(chunks: AsyncIterable<Uint8Array>): AsyncIterable<[stream: number, Uint8Array]> {
  const header = Buffer.alloc(8);
  let headerLength = 0;
  let left = 0;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        const take = Math.min(8 - headerLength, chunk.length - at);
        header.set(chunk.subarray(at, at + take), headerLength);
        headerLength += take;
        at += take;
        if (headerLength < 8) break;
        headerLength = 0;
        left = header.readUInt32BE(4);
        continue;
      }
      const take = Math.min(left, chunk.length - at);
      yield [header.readUInt8(0), chunk.subarray(at, at + take)];
      left -= take;
      at += take;
    }
  }
}

async function* oneStream(chunks: AsyncIterable<Uint8Array>): AsyncIterable<[stream: number, Uint8Array]> {
  for await (const chunk of chunks) yield [1, chunk];
}

/**
 * Returns the lines of a container's log in the order in which they ended. A container with a terminal writes plain text,
 * any other one frames of stdout and stderr, whose lines must not be mixed.
 */
export async function* logLines(
  chunks: AsyncIterable<Uint8Array>,
  hasTerminal: boolean,
  redactor: Pick<Redactor, 'cut'>,
): AsyncIterable<string> {
  const readers = new Map<number, LineReader>();
  for await (const [stream, bytes] of hasTerminal ? oneStream(chunks) : payloads(chunks)) {
    let reader = readers.get(stream);
    if (reader === undefined) {
      reader = new LineReader(redactor);
      readers.set(stream, reader);
    }
    yield* reader.read(bytes);
  }
  for (const reader of readers.values()) yield* reader.end();
}
