import { open } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';
import { largestSecretValue } from '@hq/shared/secrets';

/** A newline and one more than fits, so that what is too large is seen to be. */
const mostBytes = largestSecretValue + 3;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is none',
  EACCES: 'this account may not read it',
  EISDIR: 'it is a folder',
};

/** The value that a file holds. No error repeats any of it. */
export async function readValueFile(path: string, keepNewline = false): Promise<string> {
  const bytes = Buffer.alloc(mostBytes);
  let length = 0;
  try {
    await using file = await open(path, 'r');
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, mostBytes - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === mostBytes) break;
    }
    return textOf(bytes.subarray(0, length), keepNewline);
  } catch (cause) {
    if (cause instanceof HqError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new HqError('usage', `The file of the value cannot be read: ${reasons[code] ?? code}.`, { cause });
  } finally {
    bytes.fill(0);
  }
}

/** The value that is piped in. */
export async function readValueFrom(input: AsyncIterable<Buffer>, keepNewline = false): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= mostBytes) break;
  }
  return textOf(Buffer.concat(chunks), keepNewline);
}

/** Text as it is, without the one newline that editors and `echo` end it with. */
function textOf(bytes: Buffer, keepNewline: boolean): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // A cut in the middle of a character is no fault of the text, which is too large anyway.
    if (bytes.length >= mostBytes) throw tooLarge();
    throw new HqError('usage', 'The value is not UTF-8 text.', { field: 'value' });
  }
  const value = keepNewline ? text : text.replace(/\r?\n$/, '');
  if (Buffer.byteLength(value) > largestSecretValue) throw tooLarge();
  return value;
}

function tooLarge(): HqError {
  return new HqError('usage', `The value is larger than ${largestSecretValue / 1024} KiB.`, {
    field: 'value',
  });
}
