import { expect, test } from 'vitest';
import { lastLines } from './render-command-card.ts';

test('returns the last whole lines that fit', () => {
  expect(lastLines('one\ntwo\nthree\n\n', 100, 2)).toBe('two\nthree');
  expect(lastLines('one\ntwo\nthree', 9, 10)).toBe('three');
});

test('returns the end of a line that is too long', () => {
  expect(lastLines(`${'x'.repeat(50)} disk full`, 9, 10)).toBe('disk full');
});
