import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../table/cell.ts';
import { toAscii } from './ascii.ts';

describe('text in ASCII', () => {
  it.each([
    ['a · b – “c” it’s … 3 × 4', `a - b - "c" it's ~ 3 x 4`],
    ['── title ──', '-- title --'],
    ['Zoë Müller', 'Zoe Muller'],
    ['e\u0301', 'e'],
    ['東京', '????'],
    ['\u001b[31m● red\u001b[39m', '\u001b[31m* red\u001b[39m'],
  ])('of %j is %j', (text, ascii) => {
    expect(toAscii(text)).toBe(ascii);
  });

  it('is as wide as the text was, and ASCII alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const ascii = toAscii(text);
        expect(ascii).toMatch(/^[\0-\u007f]*$/);
        const parts = text.match(/[^\0-\u007f]+/gu) ?? [];
        for (const part of parts) expect(widthOf(toAscii(part))).toBe(widthOf(part));
      }),
    );
  });
});
