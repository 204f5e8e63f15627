import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageBody, modalBody } from '../../../../fakes/discord-server/message-schemas.ts';
import type { Card, TextNode } from '../../../contract/card.ts';
import { renderForm } from './forms.ts';
import { renderCard, renderNote } from './render.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(
    '@everyone @here <@1> <@&2>',
    '```\n@everyone\n```',
    '`'.repeat(50),
    '*'.repeat(5000),
    '\\'.repeat(3000),
    '😀'.repeat(2000),
    'a line\n'.repeat(900),
    '\u001b[31mred\u001b[0m \u202eright\u202c \u200b\u200d',
    '[safe](http://evil.example)',
    '',
  ),
);
const node: fc.Arbitrary<TextNode> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text, strong: fc.boolean() }),
  fc.record({ kind: fc.constant('code' as const), text }),
  fc.record({ kind: fc.constant('log' as const), text }),
);
const card: fc.Arbitrary<Card> = fc.record(
  {
    title: text,
    tone: fc.constantFrom('neutral', 'good', 'warning', 'bad'),
    state: text,
    fields: fc.array(fc.record({ label: text, value: text, wide: fc.boolean() }), { maxLength: 30 }),
    body: fc.array(node, { maxLength: 12 }),
    buttons: fc.array(
      fc.record({
        token: fc.stringMatching(/^[A-Za-z0-9_:-]{1,40}$/u),
        label: text,
        style: fc.constantFrom('plain', 'primary', 'danger'),
      }),
      { maxLength: 40 },
    ),
    stamp: text,
    footer: text,
    page: fc.record({ number: fc.integer({ min: 1 }), of: fc.integer({ min: 1 }) }),
  },
  { requiredKeys: ['title', 'tone'] },
);

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

describe('a card', () => {
  it('is always valid for Discord', () => {
    fc.assert(
      fc.property(card, (one) => {
        const rendered = renderCard(one);
        const outcome = messageBody.safeParse(rendered);
        expect(outcome.error?.issues).toBeUndefined();
        expect(rendered.content.trim()).not.toBe('');
        expect(rendered.allowed_mentions).toEqual({ parse: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('contains no control, direction or zero-width characters', () => {
    fc.assert(
      fc.property(card, (one) => {
        expect(JSON.stringify(renderCard(one))).not.toMatch(
          /\\u001b|[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/u,
        );
      }),
    );
  });

  it('balances its code blocks, so that no log leaves its block', () => {
    fc.assert(
      fc.property(card, (one) => {
        const [embed] = renderCard(one).embeds;
        const fences = (embed?.description ?? '').replace(/\\[^0-9A-Za-z\s]/gu, '').match(/```/gu) ?? [];
        expect(fences.length % 2).toBe(0);
      }),
    );
  });

  it('splits no character', () => {
    fc.assert(fc.property(card, (one) => stringsIn(renderCard(one)).every((part) => part.isWellFormed())));
    for (const shift of ['', 'x']) {
      const log = shift + '😀'.repeat(4000);
      const rendered = renderCard({
        title: log,
        tone: 'good',
        body: [{ kind: 'log', text: log }],
        footer: log,
      });
      expect(stringsIn(rendered).every((part) => part.isWellFormed())).toBe(true);
    }
  });

  it('repeats its colour in words', () => {
    expect(renderCard({ title: 'Gateway', tone: 'bad' }).content).toBe('**Gateway** — problem');
    expect(renderCard({ title: 'Gateway', tone: 'bad', state: 'stale for 3m' }).content).toBe(
      '**Gateway** — stale for 3m',
    );
  });

  it('keeps the spaces between prose and code', () => {
    const body = [
      { kind: 'text', text: 'To go on, type ' },
      { kind: 'code', text: 'default' },
      { kind: 'code', text: 'twice' },
      { kind: 'text', text: ' here.\nSoon.' },
    ] as const;
    expect(renderCard({ title: 'x', tone: 'neutral', body }).embeds[0]?.description).toBe(
      'To go on, type `default` `twice` here.\nSoon.',
    );
  });

  it('keeps the end of a log and the beginning of prose, with room for both', () => {
    const log = Array.from({ length: 2000 }, (_, index) => `line ${index}`).join('\n');
    const prose = Array.from({ length: 2000 }, (_, index) => `word ${index}`).join('\n');
    const description =
      renderCard({
        title: 'x',
        tone: 'neutral',
        body: [
          { kind: 'text', text: prose },
          { kind: 'log', text: log },
        ],
      }).embeds[0]?.description ?? '';
    expect(description.startsWith('word 0\n')).toBe(true);
    expect(description).toContain('```\n…\nline 1');
    expect(description.endsWith('line 1999\n```')).toBe(true);
    expect(description.length).toBeLessThanOrEqual(4096);
  });

  it('shows a body of the declared length in full', () => {
    const log = 'x'.repeat(3500);
    const body = [{ kind: 'log', text: log }] as const;
    expect(renderCard({ title: 'x', tone: 'neutral', body }).embeds[0]?.description).toBe(
      `\`\`\`\n${log}\n\`\`\``,
    );
  });

  it('shows stamp, footer and page below, and buttons in rows of five', () => {
    const rendered = renderCard({
      title: 'x',
      tone: 'good',
      stamp: 'confirmed by ann@example.org, 14:02 UTC',
      footer: 'command 7',
      page: { number: 2, of: 3 },
      buttons: Array.from({ length: 7 }, (_, index) => ({
        token: `t${index}`,
        label: `Button ${index}`,
        style: 'plain',
      })),
    });
    expect(rendered.embeds[0]?.footer?.text).toBe(
      'confirmed by ann@example.org, 14:02 UTC · command 7 · page 2 of 3',
    );
    expect(rendered.components.map(({ components }) => components.length)).toEqual([5, 2]);
  });

  it('removes the parts of an earlier card', () => {
    expect(renderCard({ title: 'x', tone: 'good' })).toMatchObject({ embeds: [], components: [], flags: 4 });
  });
});

describe('a note', () => {
  it('is one sentence that mentions nobody and opens no preview', () => {
    fc.assert(
      fc.property(text, (words) => {
        const note = renderNote(words);
        expect(messageBody.safeParse(note).success).toBe(true);
        expect(note.content).not.toMatch(/https?:\/\//u);
        expect(note.flags).toBe(4);
      }),
    );
  });
});

describe('a form', () => {
  it('is always valid for Discord', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/u);
    const field = fc.record(
      {
        name,
        label: text,
        hint: text,
        kind: fc.constantFrom('text', 'paragraph', 'choice'),
        required: fc.boolean(),
        value: text,
        maxLength: fc.integer({ min: 1, max: 100_000 }),
        choices: fc.uniqueArray(fc.record({ label: text, value: name }), {
          maxLength: 30,
          selector: ({ value }) => value,
        }),
      },
      { requiredKeys: ['name', 'label', 'kind', 'required'] },
    );
    const form = fc.record({
      token: fc.stringMatching(/^[A-Za-z0-9_:-]{1,40}$/u),
      title: text,
      submit: text,
      words: fc.constant([]),
      fields: fc.uniqueArray(field, { minLength: 1, maxLength: 7, selector: (one) => one.name }),
    });
    fc.assert(
      fc.property(form, (one) => {
        expect(modalBody.safeParse(renderForm(one)).error?.issues).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});
