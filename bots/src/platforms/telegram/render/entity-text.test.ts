import { expect, test } from 'vitest';
import { EntityWriter } from './entity-text.ts';

test('an entity ends where the text ends, though white space at the end is no part of a message', () => {
  const { text, entities } = new EntityWriter().add('x').add(' y \n', 'code').add('  ', 'pre').done();
  expect(text).toBe('x y');
  expect(entities).toEqual([{ type: 'code', offset: 1, length: 2 }]);
});

test('places are counted as Telegram counts them, in UTF-16 units', () => {
  const { entities } = new EntityWriter().add('🙂 ').add('🙂', 'bold').done();
  expect(entities).toEqual([{ type: 'bold', offset: 3, length: 2 }]);
});
