import fc from 'fast-check';
import { expect, test } from 'vitest';
import { truncateEnd, truncateStart } from './truncate.ts';

/** Characters as people see them: letters under accents, flags, families, half of nothing. */
const text = fc.string({ unit: 'grapheme', maxLength: 120 });
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

function boundaries(of: string): Set<number> {
  return new Set([...characters.segment(of)].map(({ index }) => index)).add(of.length);
}

test('what is cut is never longer than it may be, and says that there was more', () => {
  fc.assert(
    fc.property(text, fc.nat(150), (whole, most) => {
      for (const cut of [truncateEnd(whole, most), truncateStart(whole, most)]) {
        expect(cut.length).toBeLessThanOrEqual(Math.max(most, 0));
        expect(cut.isWellFormed()).toBe(true);
        if (most >= whole.length) expect(cut).toBe(whole);
        else if (most > 0) expect(cut).toContain('…');
      }
    }),
  );
});

test('a cut goes between two characters, however many signs each is made of', () => {
  fc.assert(
    fc.property(text, fc.nat(100), (whole, most) => {
      fc.pre(most > 0 && most < whole.length);
      const ends = boundaries(whole);
      expect(ends).toContain(truncateEnd(whole, most).length - 1);
      expect(ends).toContain(whole.length - (truncateStart(whole, most).length - 1));
    }),
    { numRuns: 500 },
  );
});

test('accents, flags and families stay whole', () => {
  expect(truncateEnd('caf\u0065\u0301s', 5)).toBe('caf…');
  expect(truncateStart('\u0065\u0301bcdef', 7)).toBe('\u0065\u0301bcdef');
  expect(truncateStart('x\u0065\u0301bcde', 6)).toBe('…bcde');
  expect(truncateEnd('👩‍👩‍👧 family', 5)).toBe('…');
  expect(truncateEnd('ab🇩🇪', 5)).toBe('ab…');
});

test('one letter under hundreds of marks is cut like any other text, and costs no more than itself', () => {
  const tower = `a${'\u0301'.repeat(3_000)}`;
  expect(truncateEnd(tower, 100)).toHaveLength(100);
  expect(truncateStart(tower, 100)).toHaveLength(100);
  expect(truncateEnd(`${'b'.repeat(50)}${tower}`, 1_000)).toHaveLength(1_000);
});
