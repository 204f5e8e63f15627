import { z } from 'zod';
import { HqError } from '../errors.ts';
import { parseJson } from '../text/json.ts';

/** A file of a stream. Its content follows; that of a symbolic link is its target. */
export interface StreamedFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  readonly mode: '100644' | '100755' | '120000';
  readonly content: Buffer;
}

/** Limits of the files of one agent, which the archive of a removed agent has too. */
export const fileLimits = { files: 20_000, bytes: 500 * 1024 * 1024, largest: 20 * 1024 * 1024 } as const;
const longestHead = 64 * 1024;

const head = z.union([
  z.strictObject({
    path: z.string().min(1).max(4096),
    mode: z.enum(['100644', '100755', '120000']),
    size: z.int().nonnegative().max(fileLimits.largest),
  }),
  z.strictObject({ end: z.int().nonnegative() }),
]);

/** Writes files as lines of JSON, each followed by its content, and at the end their number: a stream that breaks off has none. */
export async function* encodeFiles(files: AsyncIterable<StreamedFile>): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const { path, mode, content } of files) {
    yield Buffer.from(`${JSON.stringify({ path, mode, size: content.length })}\n`);
    yield content;
    count += 1;
  }
  yield Buffer.from(`${JSON.stringify({ end: count })}\n`);
}

/** Reads what `encodeFiles` wrote. Throws `usage` for a stream that is malformed, too long, or breaks off. */
export async function* decodeFiles(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<StreamedFile> {
  const reader = new ByteReader(chunks);
  let count = 0;
  let bytes = 0;
  for (;;) {
    const { data } = head.safeParse(parseJson((await reader.line()).toString()));
    if (data === undefined) throw malformed('a line is not the head of a file');
    if ('end' in data) {
      if (data.end !== count) throw malformed(`it has ${count} files, and says ${data.end}`);
      return;
    }
    count += 1;
    bytes += data.size;
    if (count > fileLimits.files || bytes > fileLimits.bytes)
      throw malformed('it has too many files or bytes');
    yield { path: data.path, mode: data.mode, content: await reader.take(data.size) };
  }
}

/** Takes lines and lengths from chunks. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async line(): Promise<Buffer> {
    for (;;) {
      const end = this.#rest.indexOf('\n');
      if (end >= 0) {
        const line = this.#rest.subarray(0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      if (this.#rest.length > longestHead) throw malformed('a line is too long');
      this.#rest = Buffer.concat([this.#rest, await this.#next()]);
    }
  }

  async take(length: number): Promise<Buffer> {
    const parts = [this.#rest];
    let have = this.#rest.length;
    while (have < length) {
      const part = await this.#next();
      parts.push(part);
      have += part.length;
    }
    const all = Buffer.concat(parts);
    this.#rest = all.subarray(length);
    return all.subarray(0, length);
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done === true) throw malformed('it breaks off');
    return Buffer.from(value);
  }
}

function malformed(reason: string): HqError {
  return new HqError('usage', `The stream of files cannot be used: ${reason}.`, { hint: 'Send it again.' });
}
