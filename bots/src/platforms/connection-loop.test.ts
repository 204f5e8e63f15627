import { pino } from 'pino';
import { expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { ConnectionLoop, untilAborted } from './connection-loop.ts';

it('tries a token again that was refused in mid-connection, after the pause of the platform and not before', async () => {
  const begun: number[] = [];
  const loop = new ConnectionLoop({
    log: pino({ level: 'silent' }),
    async attempt(signal, report) {
      begun.push(performance.now());
      if (begun.length === 1) {
        report.connected();
        throw new Error('closed with 4004');
      }
      report.connected();
      await untilAborted(signal);
    },
    explain: ({ message }: Error) => ({ state: 'revoked', detail: message, afterMs: 500 }),
    lostDetail: 'lost',
    firstMs: 10,
    longestMs: 20,
  });
  await loop.start();
  await eventually(() => expect(loop.status).toEqual({ state: 'revoked', detail: 'closed with 4004' }));
  await eventually(() => expect(loop.status).toEqual({ state: 'connected', detail: null }));
  const [first = 0, second = 0] = begun;
  expect(second - first).toBeGreaterThanOrEqual(499);
  await loop.stop();
});
