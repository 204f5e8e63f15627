import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  checkEntities,
  type Entity,
  entity,
  findEntities,
} from '../../../../fakes/telegram-server/entities.ts';
import type { Card, Field, TextNode } from '../../../contract/card.ts';
import { renderKeyboard } from './keyboard.ts';
import { maxBody, renderCard } from './render.ts';

/** Hostile pieces and ordinary words. */
const nasty = fc.constantFrom(
  '@everyone',
  '@admin_bot',
  '@',
  '/hq_restart',
  '/start@bot',
  '/',
  '#tag',
  '$USD',
  '```',
  '<b>',
  '*x*',
  '[a](tg://user?id=1)',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u001b[31m',
  '\u001b]8;;https://evil.example\u0007',
  '\r',
  '\n',
  '\t',
  '🙂',
  '👩‍👩‍👧',
  '\ud83d',
  'ann@example.org',
  'restart',
  ' ',
  'я@admin',
  'ß',
);
const hostile = fc.oneof(
  fc.array(nasty, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .tuple(nasty, fc.integer({ min: 1, max: 3_000 }))
    .map(([part, times]) => part.repeat(times).slice(0, 9_000)),
);
const short = fc.array(nasty, { maxLength: 3 }).map((parts) => parts.join(''));
/** Up to the limit: fast-check makes short lists by default. */
const many = { minLength: 100, maxLength: 150, size: 'max' } as const;

function nodeOf(text: fc.Arbitrary<string>): fc.Arbitrary<TextNode> {
  return fc.oneof(
    fc.record({ kind: fc.constant('text' as const), text, strong: fc.boolean() }),
    fc.record({ kind: fc.constant('code' as const), text }),
    fc.record({ kind: fc.constant('log' as const), text }),
  );
}

function fieldOf(text: fc.Arbitrary<string>): fc.Arbitrary<Field> {
  return fc.record({ label: text, value: text });
}
const card: fc.Arbitrary<Card> = fc.record(
  {
    title: hostile,
    tone: fc.constantFrom('neutral', 'good', 'warning', 'bad'),
    state: hostile,
    fields: fc.oneof(fc.array(fieldOf(hostile)), fc.array(fieldOf(short), many)),
    body: fc.oneof(fc.array(nodeOf(hostile)), fc.array(nodeOf(short), many)),
    stamp: hostile,
    footer: hostile,
    page: fc.constant({ number: 2, of: 5 }),
  },
  { requiredKeys: ['title', 'tone'] },
);

test('any card is valid for Telegram, and nothing in it is active or hidden', () => {
  fc.assert(
    fc.property(card, (each) => {
      const { text, entities } = renderCard(each);
      expect(text.length).toBeGreaterThan(0);
      expect(text.length).toBeLessThanOrEqual(4096);
      expect(text).toBe(text.trim());
      expect(text.isWellFormed()).toBe(true);
      const parsed: Entity[] = entities.map((given) => entity.parse(given));
      checkEntities(text, parsed);
      const alive = findEntities(text, parsed).filter(({ type }) => type !== 'url' && type !== 'email');
      expect(alive).toEqual([]);
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
      // The renderer adds the word joiner, the only invisible sign.
      expect(text.replaceAll('\u2060', '')).not.toMatch(/(?![\u200c\u200d])\p{Cf}/u);
    }),
    { numRuns: 300 },
  );
});

test('labels of buttons are short, single-line and never empty', () => {
  const button = fc.record({
    token: fc.constant('v1:token'),
    label: hostile,
    style: fc.constantFrom('plain', 'danger'),
  });
  fc.assert(
    fc.property(fc.array(button, { maxLength: 40, size: 'max' }), (buttons) => {
      const rows = renderKeyboard(buttons).inline_keyboard;
      expect(rows.flat().length).toBe(Math.min(20, buttons.length));
      for (const { text } of rows.flat()) {
        expect(text.trim()).not.toBe('');
        expect(text.length).toBeLessThanOrEqual(40);
        expect(text).not.toMatch(/[\n\u202e]/u);
      }
    }),
  );
});

test('no label of a row is cut on a narrow phone, where all buttons of a row have one width', () => {
  const rows = (...labels: string[]): string[][] =>
    renderKeyboard(labels.map((label) => ({ token: 'v1:token', label, style: 'plain' }))).inline_keyboard.map(
      (row) => row.map(({ text }) => text),
    );
  expect(rows('Previous', 'Next', 'New task')).toEqual([['Previous', 'Next', 'New task']]);
  expect(rows('Comment', 'Assign', 'Set status')).toEqual([['Comment', 'Assign', 'Set status']]);
  expect(rows('Approve', 'Request a revision', 'Reject')).toEqual([
    ['Approve'],
    ['Request a revision'],
    ['Reject'],
  ]);
  expect(rows('todo', 'in progress', 'blocked', 'done')).toEqual([
    ['todo', 'in progress'],
    ['blocked', 'done'],
  ]);
  expect(rows('1', '2', '3', '4', '5')).toEqual([['1', '2', '3', '4'], ['5']]);
});

test('a card shows title, state, fields, body and stamp in this order', () => {
  const { text, entities } = renderCard({
    title: 'Restart gateway',
    tone: 'bad',
    state: 'failed after 12s',
    fields: [{ label: 'Gateway', value: 'primary' }],
    body: [
      { kind: 'text', text: 'The last lines of ' },
      { kind: 'code', text: 'openclaw' },
      { kind: 'text', text: ':' },
      { kind: 'log', text: '\n  @all 🙂\nboom\n' },
      { kind: 'text', text: 'Try again.' },
    ],
    stamp: 'confirmed by ann@example.org, 14:02 UTC',
    page: { number: 1, of: 3 },
  });
  expect(text).toBe(
    [
      '✖ Restart gateway',
      'failed after 12s',
      '',
      'Gateway: primary',
      '',
      'The last lines of openclaw:',
      '  @all 🙂',
      'boom',
      'Try again.',
      '',
      'confirmed by ann@example.org, 14:02 UTC',
      'Page 1 of 3',
    ].join('\n'),
  );
  expect(entities.map(({ type, offset, length }) => [type, text.slice(offset, offset + length)])).toEqual([
    ['bold', 'Restart gateway'],
    ['bold', 'Gateway:'],
    ['code', 'openclaw'],
    ['pre', '  @all 🙂\nboom'],
  ]);
});

test('the entries of a list are on separate lines, without blank lines at its end', () => {
  const newLine: TextNode = { kind: 'text', text: '\n' };
  const { text } = renderCard({
    title: 'Tasks',
    tone: 'neutral',
    body: [
      { kind: 'code', text: 'b9734cf6' },
      { kind: 'text', text: ' Write the letter' },
      newLine,
      { kind: 'code', text: '390c368c' },
      { kind: 'text', text: ' Buy milk\n' },
      newLine,
    ],
    footer: 'task ID shows one.',
  });
  expect(text).toBe('Tasks\n\nb9734cf6 Write the letter\n390c368c Buy milk\n\ntask ID shows one.');
});

test("beyond Telegram's limit of entities, text is plain and complete", () => {
  const body = Array.from({ length: 130 }, (_, index): TextNode => ({ kind: 'code', text: `/hq_${index} ` }));
  const { text, entities } = renderCard({ title: 'Many', tone: 'neutral', body });
  expect(entities).toHaveLength(100);
  expect(text.replaceAll('\u2060', '')).toContain('/hq_98/hq_99/hq_100');
  expect(text).toContain('/\u2060hq_100');
});

test('a long log keeps its end, and the card keeps its head and tail', () => {
  const log = `${'x'.repeat(5_000)}the end`;
  const { text } = renderCard({
    title: 'Log',
    tone: 'neutral',
    body: [{ kind: 'log', text: log }],
    stamp: 'decided',
  });
  expect(text).toMatch(/^Log\n\n…\nx+the end\n\ndecided$/u);
  expect(text.length).toBeGreaterThan(4_000);
});

test('a body of the declared length is never cut', () => {
  const long = 'w'.repeat(3_000);
  const fields = Array.from({ length: 30 }, () => ({ label: long, value: long }));
  const { text } = renderCard({
    title: long,
    tone: 'bad',
    state: long,
    fields,
    body: [{ kind: 'text', text: `begin${'b'.repeat(maxBody - 8)}end` }],
    stamp: long,
    footer: long,
    page: { number: 1, of: 2 },
  });
  expect(text).toMatch(/beginb+end/u);
});
