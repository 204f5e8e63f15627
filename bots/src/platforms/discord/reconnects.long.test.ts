import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type DiscordServer, renderedText, startDiscordServer } from '../../../fakes/discord-server/index.ts';
import type { Adapter } from '../../contract/adapter.ts';
import type { Reply } from '../../contract/inbound.ts';
import { discord as platform } from './index.ts';

const drops = 240;
const warmUp = 40;
const mayGrowBytes = 6 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

let discord: DiscordServer;
let adapter: Adapter;
const replies: Reply[] = [];

beforeAll(async () => {
  discord = await startDiscordServer({ rate: { limit: 1000, windowMs: 1000 } });
  const configured = platform.configure({
    DISCORD_BOT_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
  });
  if (!configured) throw new Error('not configured');
  adapter = await configured.create({ log: pino({ level: 'silent' }) });
  await adapter.start({
    receive: async (_, reply) => {
      replies.push(reply);
      return { kind: 'working', private: false };
    },
    complete: async () => [],
  });
  await adapter.describeCommands([{ path: ['status'], summary: 'x', arguments: [], rank: 1 }]);
});

afterAll(async () => {
  await adapter.stop();
  await discord.close();
});

function heapUsed(): number {
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}

it('loses no command and no memory over a day of lost connections', async () => {
  const ann = discord.user('ann');
  const codes = [undefined, 1001, 4000, 4009, 1011];
  let before = 0;
  for (let drop = 0; drop < drops; drop += 1) {
    if (drop === warmUp) before = heapUsed();
    discord.gateway.drop(codes[drop % codes.length]);
    const turn = await discord.slash(ann, discord.home, 'status');
    await replies.pop()?.send({ title: `Answer ${drop}`, tone: 'neutral' });
    expect(turn.message && renderedText(turn.message)).toBe(`**Answer ${drop}**`);
    await eventually(() => expect(adapter.health().state).toBe('connected'));
  }
  expect(discord.gateway).toMatchObject({ identified: 1, resumed: drops });
  expect(heapUsed() - before).toBeLessThan(mayGrowBytes);
});
