import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBlocks, checkView } from '../../../../fakes/slack-server/block-kit.ts';
import { renderMessage } from '../../../../fakes/slack-server/rendered-message.ts';
import type { Button, Card, TextNode } from '../../../contract/card.ts';
import type { Form, FormField } from '../../../contract/form.ts';
import { formView } from './forms.ts';
import { maxBody, maxButtons, renderCard } from './render.ts';

const esc = String.fromCharCode(27);
const hostile = fc.oneof(
  fc.constantFrom(
    '<!channel>',
    '<!here|here>',
    '<!everyone>',
    '<@U012ABC>',
    '<!subteam^S012|ops>',
    '<https://evil.example|click>',
    '&lt;!channel&gt;',
    '*bold* `code` ```fence``` ~gone~ >quote',
    '@channel @here :tada:',
    `${esc}[31mred${esc}[0m${esc}]0;title${String.fromCharCode(7)}`,
    '\u202eright to left\u202c \u2066isolated\u2069 \u200b\u200d\ufeff',
    '\u0000\u0007\r\n\t\u2028',
    '\ud800 half a pair',
    '👩‍👩‍👧‍👦 ﷽',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ maxLength: 30 }).map((text) => text.repeat(400)),
);
const text = fc.array(hostile, { maxLength: 4 }).map((parts) => parts.join(''));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const node: fc.Arbitrary<TextNode> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text, strong: fc.boolean() }),
  fc.record({ kind: fc.constant('code' as const), text }),
  fc.record({ kind: fc.constant('log' as const), text }),
);
const token = fc.stringMatching(/^[A-Za-z0-9_:-]{1,40}$/u);
const button: fc.Arbitrary<Button> = fc.oneof(
  fc.record({ token, label: text, style: fc.constantFrom('plain', 'primary', 'danger') }),
  fc.record({
    token,
    label: text,
    style: fc.constant('danger'),
  }),
);
const card: fc.Arbitrary<Card> = fc
  .record({
    title: text,
    tone: fc.constantFrom('neutral', 'good', 'warning', 'bad'),
    state: optional(text),
    fields: optional(
      fc.array(fc.record({ label: text, value: text, wide: fc.boolean() }), { maxLength: 30 }),
    ),
    body: optional(fc.array(node, { maxLength: 12 })),
    buttons: optional(fc.array(button, { maxLength: 30 })),
    stamp: optional(text),
    footer: optional(text),
    page: optional(fc.record({ number: fc.nat(), of: fc.nat() })),
    question: optional(fc.record({ placeholder: text })),
  })
  .map((given): Card => JSON.parse(JSON.stringify(given)));

/** Controls but line ends, direction marks and zero widths, halves of pairs. */
const forbidden = /(?!\n)\p{Cc}|(?![\u200c\u200d])\p{Cf}|\p{Cs}/u;

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(strings);
}

describe('a card of hostile text', () => {
  it('is valid for Slack, mentions nobody, and hides nothing', () => {
    fc.assert(
      fc.property(card, (given) => {
        const rendered = renderCard(given);
        expect(checkBlocks(rendered.blocks)).toHaveProperty('value');
        expect(rendered.text.length).toBeGreaterThan(0);
        expect(rendered.text.length).toBeLessThanOrEqual(4000);
        const checked = checkBlocks(JSON.parse(JSON.stringify(rendered.blocks)));
        if ('error' in checked) throw new Error(checked.messages.join());
        expect(renderMessage(rendered.text, checked.value).notified).toEqual([]);
        expect(rendered.text.replaceAll(/&(?:amp|lt|gt);/gu, '')).not.toMatch(/[<>&]/u);
        for (const one of strings(rendered)) expect(one).not.toMatch(forbidden);
        expect(JSON.stringify(rendered.blocks)).not.toContain('"mrkdwn"');
      }),
      { numRuns: 300 },
    );
  });

  it('keeps each button that fits, with its token', () => {
    fc.assert(
      fc.property(fc.array(button, { maxLength: 30 }), (buttons) => {
        const { blocks } = renderCard({ title: 'x', tone: 'neutral', buttons });
        const actions = blocks.find((block) => block.type === 'actions');
        const values = actions?.elements.map((element) => ('value' in element ? element.value : undefined));
        expect(values ?? []).toEqual(buttons.slice(0, maxButtons).map((one) => one.token));
      }),
    );
  });

  it('has its title and state in one sentence for screen readers', () => {
    const state = { title: 'There is no command “x”.', tone: 'bad', state: 'not understood' } as const;
    expect(renderCard(state).text).toBe('There is no command “x”: not understood');
    expect(renderCard({ title: 'Linked.', tone: 'good' }).text).toBe('Linked.');
  });

  it('fits a body of the declared length', () => {
    const log = 'x'.repeat(80).concat('\n').repeat(100).slice(0, maxBody);
    const { blocks } = renderCard({ title: 'Logs', tone: 'neutral', body: [{ kind: 'log', text: log }] });
    expect(renderMessage('', blocksOf(blocks)).text).toContain(log.trimEnd());
  });
});

function blocksOf(blocks: unknown) {
  const checked = checkBlocks(blocks);
  if ('error' in checked) throw new Error(checked.error);
  return checked.value;
}

describe('a log that is too long', () => {
  it('keeps its end, from the beginning of a line', () => {
    const log = Array.from({ length: 2000 }, (_, at) => `line ${at} of the log`).join('\n');
    const shown = renderMessage(
      '',
      blocksOf(renderCard({ title: 'Logs', tone: 'bad', body: [{ kind: 'log', text: log }] }).blocks),
    ).text;
    expect(shown).toMatch(/…\nline \d+ of the log\n/u);
    expect(shown.endsWith('line 1999 of the log')).toBe(true);
  });

  it('leaves room for the log after it', () => {
    const body: TextNode[] = [
      { kind: 'log', text: 'first\n'.repeat(5000) },
      { kind: 'log', text: 'second\n'.repeat(5000) },
    ];
    const { blocks } = renderCard({ title: 'Logs', tone: 'bad', body });
    expect(JSON.stringify(blocks).split('rich_text_preformatted')).toHaveLength(3);
  });
});

it('shows its state in words, with a sign that screen readers name', () => {
  const { text, blocks } = renderCard({ title: 'Restart', tone: 'bad', state: 'failed after 3s' });
  expect(text).toBe('Restart: failed after 3s');
  expect(renderMessage('', blocksOf(blocks)).text).toBe('Restart\n✗ failed after 3s');
});

const choices = fc.array(fc.record({ label: text, value: text }), { maxLength: 25 });
const field: fc.Arbitrary<FormField> = fc
  .record({
    name: fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/u),
    label: text,
    hint: optional(text),
    kind: fc.constantFrom('text' as const, 'paragraph' as const, 'choice' as const),
    required: fc.boolean(),
    value: optional(text),
    maxLength: optional(fc.integer({ min: 1, max: 10_000 })),
    choices: optional(choices),
    completes: optional(fc.boolean()),
  })
  .map((given): FormField => JSON.parse(JSON.stringify(given)));
const form: fc.Arbitrary<Form> = fc.record({
  token,
  title: text,
  submit: text,
  words: fc.array(fc.string(), { maxLength: 4 }),
  fields: fc.uniqueArray(field, { minLength: 1, maxLength: 5, selector: (one) => one.name }),
});

it('renders hostile text as a form that is valid for Slack', () => {
  fc.assert(
    fc.property(form, fc.string({ maxLength: 20 }), (given, channel) => {
      const view = formView(given, { channel, kind: 'group', thread: null });
      expect(checkView(JSON.parse(JSON.stringify(view)))).toHaveProperty('value');
    }),
    { numRuns: 200 },
  );
});
