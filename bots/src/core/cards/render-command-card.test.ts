import { expect, test } from 'vitest';
import { lastLines } from './render-command-card.ts';

test('the end of an output is its last whole lines that fit', () => {
  expect(lastLines('one\ntwo\nthree\n\n', 100, 2)).toBe('two\nthree');
  expect(lastLines('one\ntwo\nthree', 9, 10)).toBe('three');
});

test('of a line that is too long by itself the end is shown, where the reason stands', () => {
  expect(lastLines(`${'x'.repeat(50)} disk full`, 9, 10)).toBe('disk full');
});
