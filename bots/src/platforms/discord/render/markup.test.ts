import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bold, codeBlock, escapeLine, escapeMarkup, inlineCode } from './markup.ts';

/** Text made of markup. */
const hostile = fc
  .array(
    fc.constantFrom(
      ...'\\*_~`|<>#@[]()-+.:!/ \n1ax'.split(''),
      '**',
      '__',
      '~~',
      '||',
      '```',
      '](',
      '@everyone',
      '@here',
      '<@1>',
      '<@&1>',
      '<#1>',
      '</x:1>',
      '<t:1>',
      '<:x:1>',
      '# ',
      '-# ',
      '> ',
      '>>> ',
      '- ',
      '1. ',
      'https://example.org/a_b_c',
      'http://x](y',
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

/** Returns the text that Discord shows: without escapes. */
const shown = (text: string): string => text.replace(/\\([^0-9A-Za-z\s])/gu, '$1');

/** Returns the text that Discord can read as markup: without escapes and addresses. */
const live = (text: string): string =>
  text.replace(/\\[^0-9A-Za-z\s]/gu, '␣').replace(/(?<![^\s(])https?:\/\/[\w./?#%&=+:;,-]+/gu, '␣');

describe('prose', () => {
  it('is shown literally', () => {
    fc.assert(fc.property(hostile, (text) => shown(escapeMarkup(text)) === text));
    fc.assert(fc.property(hostile, (text) => shown(escapeLine(text)) === text));
  });

  it('contains nothing that Discord reads as markup', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const line of live(escapeMarkup(text)).split('\n')) {
          expect(line).not.toMatch(/[*`<]/u);
          expect(line).not.toMatch(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/u);
          expect(line).not.toMatch(/~~|\|\||\]\(|@everyone|@here/u);
          expect(line).not.toMatch(/^\s*(?:#{1,3}\s|-#\s|>|[-+]\s|\d+\.\s)/u);
        }
      }),
    );
  });

  it('keeps addresses in prose as links, and escapes them in a line', () => {
    expect(escapeMarkup('see https://example.org/a_b*c')).toBe('see https://example.org/a_b\\*c');
    expect(escapeLine('see https://example.org')).toBe('see https\\://example.org');
    expect(escapeMarkup('[here](https://example.org)')).toBe('[here]\\(https://example.org)');
  });

  it('keeps ordinary names unchanged', () => {
    expect(escapeMarkup('restart_gateway on eu-1.example.org, 3 < 4')).toBe(
      'restart_gateway on eu-1.example.org, 3 \\< 4',
    );
  });

  it('is bold without its outer spaces', () => {
    expect(bold(' two *stars* ')).toBe(' **two \\*stars\\*** ');
    expect(bold(' ')).toBe(' ');
  });
});

describe('code', () => {
  it('cannot be closed by its text', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const block = codeBlock(text);
        expect(block.slice(3, -3)).not.toContain('```');
        expect(block.startsWith('```\n')).toBe(true);
        expect(block.endsWith('\n```')).toBe(true);
        const inline = inlineCode(text);
        if (inline !== '') expect(inline.slice(1, -1)).not.toMatch(/[`\n]/u);
      }),
    );
  });
});
