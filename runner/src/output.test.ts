import { createRedactor } from '@hq/shared/text';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandOutput, outputLimits } from './output.ts';

const secret = 'correct-horse-battery-staple';
const small = { head: 400, tail: 300, chunk: 50, row: 100 };

function written(pieces: readonly (string | Buffer)[], limits = outputLimits): string {
  const output = new CommandOutput(createRedactor([secret]), () => undefined, limits);
  for (const piece of pieces) output.write(piece);
  output.end();
  return output
    .take(Number.POSITIVE_INFINITY)
    .map((chunk) => chunk.text)
    .join('');
}

describe('output', () => {
  it('is the same however its bytes are cut', () => {
    const text = `plain\n\x1b[31mröd ✓ 漢字 🎉\x1b[0m\nthe key is ${secret}!\nno end`;
    const expected = 'plain\nröd ✓ 漢字 🎉\nthe key is [redacted]!\nno end\n';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 200 }), (sizes) => {
        const bytes = Buffer.from(text);
        const pieces: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(written(pieces)).toBe(expected);
      }),
    );
  });

  it('never shows a part of a secret, wherever an endless line is cut', () => {
    for (let before = 8_100; before < 8_200; before += 1) {
      const shown = written([`${'x'.repeat(before)} ${secret} ${'y'.repeat(20_000)}`]);
      expect(shown.includes('correct') || shown.includes('staple')).toBe(false);
    }
  });

  it('never separates a secret from the name that identifies it', () => {
    for (let before = 8_000; before < 8_300; before += 1) {
      const shown = written([`${'x '.repeat(before / 2)}password=hunter22hunter22 ${'y'.repeat(20_000)}`]);
      expect(shown.includes('unter22')).toBe(false);
    }
  });

  it('never shows a part of a secret at the start of the tail', () => {
    for (let after = 0; after < 40; after += 1) {
      const filler = `${'f'.repeat(30)}\n`.repeat(2_000);
      const shown = written(
        [filler, `${'a'.repeat(after)}${secret}\n`, filler.slice(0, 9_000 + after)],
        small,
      );
      expect(/correct|horse|battery|staple/.test(shown)).toBe(false);
    }
  });

  it('keeps the start and the end, says how much is left out, and stays within its bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 1, max: 120 }), (length, width) => {
        const lines: string[] = [];
        for (let at = 0; at < length; at += width) lines.push(`${at} ${'z'.repeat(width)}`);
        const text = lines.map((line) => `${line}\n`).join('');
        const shown = written([text], small);
        expect(shown.length).toBeLessThan(small.head + small.tail + 300);
        if (text.length <= small.head) expect(shown).toBe(text);
        else if (shown.includes('left out')) expect(text.endsWith(shown.slice(-50))).toBe(true);
        expect(text.startsWith(shown.slice(0, 100))).toBe(true);
      }),
    );
  });

  it('returns small, numbered chunks, unchanged until they are acknowledged', () => {
    const output = new CommandOutput(createRedactor([]), () => undefined, small);
    output.line('one');
    const first = output.take(10);
    output.line('two');
    expect(output.take(10)).toEqual([...first, { seq: 1, stream: 'stdout', text: 'two\n' }]);
    output.acknowledge(first);
    output.line('a fault', 'stderr');
    output.line('🎉'.repeat(60));
    output.end();
    const rest = output.take(100);
    expect(rest.map((chunk) => chunk.seq)).toEqual(rest.map((_, index) => index + 1));
    expect(rest.every((chunk) => chunk.text.length <= small.chunk && chunk.text.isWellFormed())).toBe(true);
    expect(output.summary('stderr')).toBe('a fault\n');
  });

  it('ignores writes after its end', () => {
    const output = new CommandOutput(createRedactor([]), () => undefined);
    output.end();
    output.line('late');
    expect(output.isWaiting).toBe(false);
  });

  it('of many megabytes takes little time and redacts a private key that begins before the tail', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${'QUJD\n'.repeat(40)}-----END PRIVATE KEY-----\n`;
    const shown = written(['x\n'.repeat(20_000), key, 'done\n'], { ...small, tail: 150 });
    expect(shown.includes('QUJD')).toBe(false);
    expect(shown.endsWith('done\n')).toBe(true);
  });
});
