import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { startTelegramServer } from '../../../fakes/telegram-server/index.ts';
import { startTelegramBot } from '../../../testing/telegram-bot.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test('thousands of lost connections leak no memory and lose no command', async () => {
  const server = await startTelegramServer();
  const bot = await startTelegramBot(server, {
    timing: { firstMs: 1, longestMs: 2, conflictMs: 2, pollSeconds: 1 },
  });
  const ann = server.person('Ann');
  const direct = server.direct(ann);
  bot.acknowledge = { kind: 'quiet' };
  bot.answer = null;
  const faults = [
    { kind: 'lost' },
    { kind: 'html' },
    { kind: 'refuse', status: 502 },
    { kind: 'refuse', status: 409 },
  ] as const;
  const round = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      for (const failure of [...faults, ...faults, ...faults]) server.fail('getUpdates', failure);
      server.write(ann, direct, `/hq say ${index}`);
      await eventually(() => expect(bot.received).toHaveLength(1));
      bot.received.length = 0;
      bot.log.length = 0;
      server.calls.length = 0;
    }
  };
  await round(100);
  const before = heap();
  await round(400);
  const grown = (heap() - before) / (400 * 3 * faults.length);
  await bot.adapter.stop();
  await server.close();
  // Bytes for each connection; the server keeps every message that was said.
  expect(grown).toBeLessThan(400);
});
