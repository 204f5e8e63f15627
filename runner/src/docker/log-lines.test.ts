import { createRedactor } from '@hq/shared/text';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logLines } from './log-lines.ts';

const secret = 'correct-horse-battery-staple';

function frame(stream: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = bytes.length, hasTerminal = false): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of logLines(
    inPieces(bytes, Math.max(1, size)),
    hasTerminal,
    createRedactor([secret]),
  ))
    lines.push(line);
  return lines;
}

describe('log lines', () => {
  test('are the same however the stream was cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, '')),
          { minLength: 1 },
        ),
        fc.integer({ min: 1, max: 40 }),
        async (lines, size) => {
          const wanted = lines.map((line) => Buffer.from(line).toString());
          expect(await read(Buffer.concat(lines.map((line) => frame(1, `${line}\n`))), size)).toEqual(wanted);
          expect(await read(Buffer.from(lines.map((line) => `${line}\r\n`).join('')), size, true)).toEqual(
            wanted,
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  test('of two streams are not mixed', async () => {
    const bytes = Buffer.concat([
      frame(1, 'out '),
      frame(2, 'err '),
      frame(1, 'one\n'),
      frame(2, 'two\nthree'),
    ]);
    expect(await read(bytes)).toEqual(['out one', 'err two', 'three']);
  });

  test('keep characters that span two frames', async () => {
    const [first, second] = [Buffer.from('ü').subarray(0, 1), Buffer.from('ü').subarray(1)];
    const header = (length: number) => Buffer.from([1, 0, 0, 0, 0, 0, 0, length]);
    expect(await read(Buffer.concat([header(1), first, header(1), second]))).toEqual(['ü']);
  });

  test('are read from a chunk with very many small frames', async () => {
    const frames = Array.from({ length: 50_000 }, () => frame(1, '\n'));
    expect(await read(Buffer.concat(frames))).toHaveLength(50_000);
  });

  test('are cut where a line has no end', async () => {
    const [line, next] = await read(frame(1, `${'x'.repeat(10_000_000)}\nnext\n`), 65_536);
    expect(line?.length).toBeLessThan(70_000);
    expect(line?.endsWith('… (cut)')).toBe(true);
    expect(next).toBe('next');
  });

  test('are never cut inside a secret', async () => {
    for (let before = 65_536 - secret.length - 2; before <= 65_536; before += 1) {
      const [line = ''] = await read(frame(1, `${'x'.repeat(before)}${secret}${'y'.repeat(20_000)}\n`));
      expect(createRedactor([secret]).text(line)).not.toMatch(/correct|horse|battery|staple/);
    }
  });
});
