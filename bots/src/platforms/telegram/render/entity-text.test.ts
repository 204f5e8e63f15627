import { expect, test } from 'vitest';
import { EntityWriter } from './entity-text.ts';

test('an entity ends with the trimmed text', () => {
  const { text, entities } = new EntityWriter().add('x').add(' y \n', 'code').add('  ', 'pre').finish();
  expect(text).toBe('x y');
  expect(entities).toEqual([{ type: 'code', offset: 1, length: 2 }]);
});

test('offsets count UTF-16 units, as Telegram does', () => {
  const { entities } = new EntityWriter().add('🙂 ').add('🙂', 'bold').finish();
  expect(entities).toEqual([{ type: 'bold', offset: 3, length: 2 }]);
});
