import { expect, test } from 'vitest';
import { catalogue, readPayload } from './index.ts';

test('a missing field is named with its syntax', () => {
  expect(() => readPayload('create_task', catalogue.create_task, { priority: 'high' })).toThrow(
    expect.objectContaining({
      code: 'usage',
      field: 'title',
      message: 'Missing field title: set title=<string>.',
    }),
  );
});
