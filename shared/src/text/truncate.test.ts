import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truncate, truncateStart } from './truncate.ts';

/** Characters as people see them: letters with accents, flags, families, half of a surrogate pair. */
const text = fc.string({ unit: 'grapheme', maxLength: 120 });
const lines = fc.array(text, { maxLength: 6 }).map((all) => all.join('\n'));
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function boundaries(of: string): Set<number> {
  return new Set([...graphemes.segment(of)].map(({ index }) => index)).add(of.length);
}

describe.each([{}, { atLineBreak: true }])('truncated text with %o', (options) => {
  it('is never longer than its limit, and shows that something is missing', () => {
    fc.assert(
      fc.property(lines, fc.nat(150), (whole, limit) => {
        for (const short of [truncate(whole, limit, options), truncateStart(whole, limit, options)]) {
          expect(short.length).toBeLessThanOrEqual(limit);
          expect(short.isWellFormed()).toBe(true);
          if (limit >= whole.length) expect(short).toBe(whole);
          else if (limit > 1) expect(short).toContain('…');
        }
      }),
    );
  });
});

describe('truncated text', () => {
  it('ends and begins between two graphemes', () => {
    fc.assert(
      fc.property(text, fc.nat(100), (whole, limit) => {
        fc.pre(limit > 0 && limit < whole.length);
        const ends = boundaries(whole);
        expect(ends).toContain(truncate(whole, limit).length - 1);
        expect(ends).toContain(whole.length - (truncateStart(whole, limit).length - 1));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps accents, flags and families whole', () => {
    expect(truncate('caf\u0065\u0301s', 5)).toBe('caf…');
    expect(truncateStart('\u0065\u0301bcdef', 7)).toBe('\u0065\u0301bcdef');
    expect(truncateStart('x\u0065\u0301bcde', 6)).toBe('…bcde');
    expect(truncate('👩‍👩‍👧 family', 5)).toBe('…');
    expect(truncate('ab🇩🇪', 5)).toBe('ab…');
  });

  it('cuts one letter with thousands of marks like any other text', () => {
    const tower = `a${'\u0301'.repeat(3_000)}`;
    expect(truncate(tower, 100)).toHaveLength(100);
    expect(truncateStart(tower, 100)).toHaveLength(100);
    expect(truncate(`${'b'.repeat(50)}${tower}`, 1_000)).toHaveLength(1_000);
  });

  it('prefers a line break that is near', () => {
    expect(truncate('first line\nsecond line', 16, { atLineBreak: true })).toBe('first line\n…');
    expect(truncate('a\nsecond line is long', 16, { atLineBreak: true })).toBe('a\nsecond line i…');
    expect(truncateStart('first line\nsecond line', 16, { atLineBreak: true })).toBe('…\nsecond line');
    expect(truncateStart('first line is long\nb', 16, { atLineBreak: true })).toBe('…\nline is long\nb');
  });
});

describe('text truncated to columns', () => {
  const measure = (part: string): number =>
    [...part].reduce((sum, sign) => sum + (sign > '\u2e80' ? 2 : 1), 0);

  it('never splits a wide character', () => {
    expect(truncate('字字字', 5, { measure })).toBe('字字…');
    expect(truncate('字字字', 4, { measure })).toBe('字…');
    expect(truncate('字字字', 6, { measure })).toBe('字字字');
  });

  it('takes at most its columns', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'Z', ' ', '字', '語', '한', '…') }),
        fc.nat(40),
        (whole, columns) => {
          expect(measure(truncate(whole, columns, { measure }))).toBeLessThanOrEqual(columns);
          expect(measure(truncate(whole, columns, { measure, ellipsis: '' }))).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});
