import { expect, test } from 'vitest';
import { catalogue, readPayload } from './index.ts';

test('a field that is missing is named in words', () => {
  expect(() => readPayload('create_task', catalogue.create_task, { priority: 'high' })).toThrow(
    expect.objectContaining({ code: 'usage', field: 'title', message: 'create_task needs it.' }),
  );
});
