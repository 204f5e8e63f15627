import { HqError } from '@hq/shared/errors';
import { expect, test } from 'vitest';
import { failureCard } from './error-card.ts';

test('a failure is a sentence, and an argument in it is named as it is typed', () => {
  expect(failureCard(new HqError('conflict', 'the gateway is paused')).title).toBe('The gateway is paused.');
  expect(failureCard(new HqError('usage', 'limit_usd: an amount such as 25')).title).toBe(
    'limit_usd: an amount such as 25.',
  );
  expect(failureCard(new HqError('refused', 'restart_gateway needs the role operator')).title).toBe(
    'restart_gateway needs the role operator.',
  );
});
