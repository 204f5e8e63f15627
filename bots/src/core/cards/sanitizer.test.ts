import { createRedactor, plain } from '@hq/shared/text';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Card } from '../../contract/card.ts';
import { createSanitizer } from './sanitizer.ts';

const secret = 'correct-horse-battery-staple';
const sanitizer = createSanitizer(createRedactor([secret]));

const piece = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\u001b[31m',
    '\u001b]8;;https://example.org\u001b\\',
    '\u202e',
    '\u2066',
    '\u200b',
    '\u0000',
    '\r',
    '\n',
    '\t',
    '\ud800',
    '@everyone',
    '<!channel>',
    '```',
    secret,
    // Hidden from whoever looks for it as it is.
    secret.split('').join('\u200b'),
    secret.split('').join('\u200d'),
    '👩‍🚀',
    'می‌خواهم',
    'क्‍ष',
    '\u200c',
    `${secret.slice(0, 9)}\u001b[0m${secret.slice(9)}`,
  ),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
const card: fc.Arbitrary<Card> = fc.record({
  title: text,
  tone: fc.constantFrom('neutral', 'good', 'warning', 'bad'),
  state: text,
  fields: fc.array(fc.record({ label: text, value: text }), { maxLength: 3 }),
  body: fc.array(fc.record({ kind: fc.constantFrom('text', 'code', 'log'), text }), { maxLength: 4 }),
  buttons: fc.array(
    fc.record({
      token: fc.constant('v1:AAAAAAAAAAAAAAAAAAAAAA'),
      label: text,
      style: fc.constantFrom('plain', 'primary', 'danger'),
    }),
    { maxLength: 2 },
  ),
  stamp: text,
  footer: text,
  question: fc.record({ placeholder: text }),
});

/** Joiners alone may stay, one at a time: Persian, the Indic scripts and emoji need them. */
const forbidden = /\p{Cc}|(?![\u200c\u200d])\p{Cf}|\p{Cs}|[\u200c\u200d]{2}|\u2028|\u2029/u;

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

describe('a sanitized card', () => {
  it('contains no direction, escape or hiding characters and no secret, for any card', () => {
    fc.assert(
      fc.property(card, (made) => {
        for (const words of stringsOf(sanitizer.card(made))) {
          expect(words.isWellFormed()).toBe(true);
          expect(words.replaceAll('\n', '')).not.toMatch(forbidden);
          expect(plain(words)).not.toContain(secret);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('contains no secret that joiners hide, in whatever script it is', () => {
    const persian = 'گذرواژه‌پنهان';
    const known = createSanitizer(createRedactor(['गुप्तसंकेतशब्द', persian]));
    const hidden = `${Array.from('गुप्तसंकेतशब्द').join('\u200d')} ${persian}`;
    for (const words of stringsOf(
      known.card({ title: hidden, tone: 'neutral', body: [{ kind: 'log', text: hidden }] }),
    ))
      expect(words).not.toMatch(/[\p{sc=Deva}\p{sc=Arab}]/u);
  });

  it('keeps its lines, and the end of a text that is too long', () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => `line ${n}`).join('\n');
    const { body } = sanitizer.card({
      title: 'x',
      tone: 'neutral',
      body: [{ kind: 'log', text: lines }],
    });
    expect(body?.[0]?.text).toMatch(/^line \d+\n[\s\S]*line 29999$/);
    expect(body?.[0]?.text.length).toBeLessThanOrEqual(100_000);
  });

  it('hides a private key whose beginning does not fit', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEowIBAAKCAQEA\n'.repeat(99)}-----END PRIVATE KEY-----\n`;
    const log = `${key}${'line\n'.repeat(19_900)}`;
    const { body } = sanitizer.card({ title: 'x', tone: 'neutral', body: [{ kind: 'log', text: log }] });
    expect(body?.[0]?.text).not.toContain('MIIE');
  });

  it('has a title of at most 240 UTF-16 units, truncated between characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 200, maxLength: 400 }), (words) => {
        const { title } = sanitizer.card({ title: words, tone: 'neutral' });
        expect(title.length).toBeLessThanOrEqual(240);
        expect(title.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('sanitized choices and forms', () => {
  it('contain no direction, escape or hiding characters and no secret', () => {
    const choice = fc.record({ label: text, value: text });
    const field = fc.record({
      name: fc.constant('agent'),
      label: text,
      hint: text,
      kind: fc.constant('choice' as const),
      required: fc.boolean(),
      choices: fc.array(choice, { maxLength: 3 }),
    });
    const form = fc.record({
      token: fc.constant('v1:A'),
      title: text,
      submit: text,
      words: fc.constant([]),
      fields: fc.array(field, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(form, fc.array(choice, { maxLength: 3 }), (made, choices) => {
        for (const words of stringsOf([sanitizer.form(made), sanitizer.choices(choices)])) {
          expect(words).not.toMatch(forbidden);
          expect(plain(words)).not.toContain(secret);
        }
      }),
    );
  });

  it('keep values as they are', () => {
    const choices = [{ label: 'Mia (ready)', value: 'mia' }];
    expect(sanitizer.choices(choices)).toEqual(choices);
  });
});
