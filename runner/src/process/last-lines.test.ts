import { createRedactor } from '@hq/shared/text';
import { describe, expect, it } from 'vitest';
import { LastLines } from './last-lines.ts';

const secret = 'correct-horse-battery-staple';
const redactor = createRedactor([secret]);

function kept(pieces: readonly string[]): readonly string[] {
  const lines = new LastLines(10, redactor);
  for (const piece of pieces) lines.write(Buffer.from(piece));
  return lines.last(10);
}

describe('the last lines of a process', () => {
  it('are the same however its output is cut, the open one included', () => {
    const text = 'one\ntwo ✓\n\nthree';
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at += 1) {
      const lines = new LastLines(10, redactor);
      lines.write(bytes.subarray(0, at));
      lines.write(bytes.subarray(at));
      expect(lines.last(10)).toEqual(text.split('\n'));
    }
  });

  it('never end inside a secret where they are cut, in any of its writings', () => {
    const writings = [secret, Buffer.from(`..${secret}`).toString('base64'), `%63${secret.slice(1)}`];
    for (const written of writings) {
      for (let before = 16_384 - written.length - 2; before <= 16_384; before += 1) {
        const line = `${'x'.repeat(before)} ${written} ${'y'.repeat(20_000)}`;
        const [whole = ''] = kept([`${line}\n`]);
        expect(kept([line.slice(0, before + 9), line.slice(before + 9)])).toEqual([whole]);
        expect(whole.length).toBeLessThan(16_500);
        // Of base64, characters with bits of a neighbour stay.
        expect(redactor.text(whole).replace(/\[redacted\]|\(cut\)|[xy ….]/g, '').length).toBeLessThanOrEqual(
          4,
        );
      }
    }
  });

  it('take bounded memory for a line without an end', () => {
    const lines = new LastLines(10, redactor);
    for (let times = 0; times < 2_000; times += 1) lines.write(Buffer.alloc(10_000, 'x'));
    expect(lines.last(10)[0]?.length).toBeLessThan(16_500);
  });
});
