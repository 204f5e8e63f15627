import { HqError } from '@hq/shared/errors';
import { expect, test } from 'vitest';
import { errorCard } from './error-card.ts';

test('an error is shown as a sentence, and names of arguments stay as they are', () => {
  expect(errorCard(new HqError('conflict', 'the gateway is paused')).title).toBe('The gateway is paused.');
  expect(errorCard(new HqError('usage', 'limit_usd: an amount such as 25')).title).toBe(
    'limit_usd: an amount such as 25.',
  );
  expect(errorCard(new HqError('refused', 'restart_gateway needs the role operator')).title).toBe(
    'restart_gateway needs the role operator.',
  );
});
