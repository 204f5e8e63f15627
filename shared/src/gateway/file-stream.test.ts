import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFiles, encodeFiles, type StreamedFile } from './file-stream.ts';

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function* each<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}

const encoded = async (files: readonly StreamedFile[]) => Buffer.concat(await all(encodeFiles(each(files))));

/** Cuts bytes into chunks of this length. */
function* cut(bytes: Buffer, length: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const file = fc.record({
  path: fc.string({ minLength: 1, maxLength: 30 }),
  mode: fc.constantFrom('100644' as const, '100755' as const, '120000' as const),
  content: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
});

describe('a stream of files', () => {
  it('arrives as it was sent, however the network cuts it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(file, { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        async (files, length) => {
          expect(await all(decodeFiles(each(cut(await encoded(files), length))))).toEqual(files);
        },
      ),
    );
  });

  it('is refused where it breaks off, at any byte', async () => {
    const bytes = await encoded([{ path: 'a\nb', mode: '100644', content: Buffer.from('x\ny') }]);
    for (let length = 0; length < bytes.length; length += 1) {
      await expect(all(decodeFiles(each([bytes.subarray(0, length)])))).rejects.toMatchObject({
        code: 'usage',
      });
    }
  });

  it('is refused for a wrong number of files, a wrong head and a size above the limit', async () => {
    for (const text of [
      '{"end":1}\n',
      'no\n',
      '{"path":"a","mode":"100644","size":99999999}\n',
      '{"path":"a"}\n',
    ]) {
      await expect(all(decodeFiles(each([Buffer.from(text)])))).rejects.toMatchObject({ code: 'usage' });
    }
  });
});
