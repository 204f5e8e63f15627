import { HqError } from '@hq/shared/errors';
import { expect, it } from 'vitest';
import { whileUnreachable } from './chat-api.ts';

const pause = { firstMs: 20, longestMs: 20, jitter: 'none' } as const;
const unreachable = new HqError('unreachable', 'the database does not answer');

it('a request that is cancelled during a pause is not sent again', async () => {
  const cancelled = new AbortController();
  let sent = 0;
  const request = async (): Promise<void> => {
    sent += 1;
    setTimeout(() => cancelled.abort(), 1);
    throw unreachable;
  };
  const limits = { limitMs: 10_000, signal: cancelled.signal };
  await expect(whileUnreachable(request, pause, limits)).rejects.toBe(unreachable);
  expect(sent).toBe(1);
});

it('a request is repeated until the database answers, and a refusal ends it', async () => {
  const refused = new HqError('refused', 'not allowed');
  const answers = [unreachable, unreachable, refused];
  const request = async (): Promise<void> => {
    throw answers.shift() ?? new Error('it was sent too often');
  };
  await expect(whileUnreachable(request, pause, { limitMs: 10_000 })).rejects.toBe(refused);
  expect(answers).toEqual([]);
});
