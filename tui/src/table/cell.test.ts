import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, fill, widthOf, wrap } from './cell.ts';

const awkward = fc.string({
  unit: fc.constantFrom('a', 'Z', ' ', '字', '語', 'é', 'e\u0301', 'ß', '한', '…', '-'),
});

describe('a cell', () => {
  it('takes exactly its columns, whatever stands in it', () => {
    fc.assert(
      fc.property(awkward, fc.nat(40), (text, columns) => {
        expect(widthOf(fill(text, columns))).toBe(columns);
        expect(widthOf(fill(text, columns, 'right'))).toBe(columns);
      }),
    );
  });

  it('leaves a text that fits as it is, and marks one that does not', () => {
    expect(cut('primary', 7)).toBe('primary');
    expect(cut('primary', 6)).toBe('prima…');
    expect(cut('', 3)).toBe('');
    expect(cut('primary', 0)).toBe('');
  });

  it('never cuts a wide character in half', () => {
    expect(cut('字字字', 5)).toBe('字字…');
    expect(cut('字字字', 4)).toBe('字…');
    expect(fill('字字字', 4)).toBe('字… ');
  });
});

describe('wrapping', () => {
  it('breaks at spaces, and inside words that are too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('', 4)).toEqual(['']);
  });

  it('loses no character but the spaces it breaks at', () => {
    fc.assert(
      fc.property(awkward, fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const lines = wrap(text, columns);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
