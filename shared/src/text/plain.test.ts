import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatLine, chatLines, plain, plainLine } from './plain.ts';

const hostilePiece = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom(
    '\u001b[31m',
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u001b]8;;https://example.org\u001b\\',
    '\u001bP1$r\u001b\\',
    '\u009b5A',
    '\u009dx\u009c',
    '\u202e',
    '\u2066',
    '\u200b',
    '\u200d',
    '\ufe0f',
    '\u0000',
    '\r',
    '\n',
    '\t',
    '\ud800',
    '\u001b',
  ),
);
const hostile = fc.array(hostilePiece, { maxLength: 20 }).map((pieces) => pieces.join(''));

describe('plain', () => {
  it.each([
    ['colours', '\u001b[1;31mred\u001b[0m', 'red'],
    ['a window title', 'a\u001b]0;owned\u0007b', 'ab'],
    ['a link', '\u001b]8;;https://example.org\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['a title that never ends', 'a\u001b]0;owned', 'a'],
    ['a one-byte control sequence', 'a\u009b31mb', 'ab'],
    ['a clipboard write', '\u001b]52;c;aGVsbG8=\u0007x', 'x'],
    ['a direction override', 'user\u202etxt.exe', 'usertxt.exe'],
    ['zero-width signs', 'a\u200bb\u2060c\ufeffd', 'abcd'],
    ['joined emoji', '👩‍🚀', '👩🚀'],
    ['a variation', '❤️', '❤'],
    ['a heap of marks', `z${'\u0301'.repeat(40)}`, 'z\u0301\u0301'],
    ['line ends and tabs', 'one\r\n\ttwo\n', 'one two'],
    ['a NUL and a bell', 'a\u0000b\u0007', 'a\ufffdb\ufffd'],
    ['half a character', 'a\ud800b', 'a\ufffdb'],
    ['wide characters, untouched', '日本語 ok', '日本語 ok'],
  ])('removes %s', (_case, from, to) => {
    expect(plain(from)).toBe(to);
  });

  it('returns one well-formed line without controls, escapes, directions or joiners for any text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = plain(text);
        expect(line.isWellFormed()).toBe(true);
        expect(line).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}|\u2028|\u2029|\ufe0f/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('returns its own output unchanged', () => {
    fc.assert(fc.property(hostile, (text) => plain(plain(text)) === plain(text)));
  });
});

describe('plainLine', () => {
  it('keeps the indentation and replaces tabs by spaces', () => {
    expect(plainLine('  a\tb')).toBe('  a     b');
    expect(plainLine('\tx')).toBe('        x');
  });

  it('keeps the last state of a progress bar', () => {
    expect(plainLine('10%\r50%\r100%\r\n')).toBe('100%');
  });

  it('returns one line without controls for any text', () => {
    fc.assert(fc.property(hostile, (text) => !/\p{Cc}|\p{Cf}|\p{Cs}|[\u2028\u2029]/u.test(plainLine(text))));
  });
});

describe('chatLine', () => {
  it.each([
    ['joined emoji', '👩‍🚀 👨‍👩‍👧 ❤️‍🔥 👩🏽‍💻 🏳️‍🌈'],
    ['a variation, a skin colour and a keycap', '❤️ 👍🏽 1️⃣'],
    ['the joiners of Persian', 'می‌خواهم'],
    ['the joiners of the Indic scripts', 'क्‍ष শ্ৰী‌ ക്‍ ශ්‍රී'],
    ['four marks on a letter of Burmese', 'ကြွေး'],
    ['wide characters', '日本語 ok'],
  ])('keeps %s', (_case, text) => {
    expect(chatLine(text)).toBe(text);
    expect(chatLines(`a\n  ${text}`)).toBe(`a\n  ${text}`);
  });

  it.each([
    ['direction overrides', 'user\u202etxt.exe\u2066', 'usertxt.exe'],
    ['joiners within words that need none', 'pa\u200dss\u200cwo\u200brd\u2060\ufeff', 'password'],
    ['a joiner before a letter or after a blank', '\u200dA \u200cB', 'A B'],
    ['a second joiner', 'می\u200c\u200c\u200dخ', 'می\u200cخ'],
    ['a joiner after the last emoji', '👩\u200d x', '👩 x'],
    [
      'variations of letters, and hidden data behind an emoji',
      'a\ufe0f😀\ufe0f\u{e0101}\u{e0141}',
      'a😀\ufe0f',
    ],
    ['tags', '🏴\u{e0067}\u{e0062}\u{e007f}', '🏴'],
    [
      'a heap of marks, joined or not',
      `z${'\u0301'.repeat(40)} क${'\u094d\u200d'.repeat(20)}`,
      `z${'\u0301'.repeat(4)} क${'\u094d\u200d'.repeat(4)}`,
    ],
    ['escape sequences', '\u001b[31mred\u001b[0m', 'red'],
  ])('removes %s', (_case, from, to) => {
    expect(chatLine(from)).toBe(to);
  });

  it('differs from plain by joiners, variations and marks alone, and returns its own output unchanged', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = chatLine(text);
        expect(chatLine(line)).toBe(line);
        expect(line).not.toMatch(/\p{Cc}|(?![\u200c\u200d])\p{Cf}|\p{Cs}|[\u200c\u200d]{2}|\u2028|\u2029/u);
        const visible = (from: string): string => from.replace(/\p{M}|\p{Cf}|\p{Emoji_Modifier}/gu, '');
        expect(visible(line)).toBe(visible(plain(text)));
      }),
      { numRuns: 1000 },
    );
  });
});
