import { expect, it } from 'vitest';
import { quote } from './quote.ts';

it('shortens what a person wrote, and shows no part of a token', () => {
  expect(quote('one')).toBe('“one”');
  expect(quote('x'.repeat(70))).toBe(`“${'x'.repeat(59)}…”`);
  const token = `sk-ant-${'aB3dE5gH7jK9'.repeat(8)}`;
  for (let before = 0; before < 60; before += 1) {
    expect(quote(`${'x '.repeat(before / 2)}${token}`)).not.toMatch(/aB3/);
  }
});
