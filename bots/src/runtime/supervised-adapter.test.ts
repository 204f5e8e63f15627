import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import type { ChatLocation, Inbound, Receiver } from '../contract/inbound.ts';
import { SupervisedAdapter } from './supervised-adapter.ts';

const program = new URL('../../testing/crashing-worker.ts', import.meta.url);
const location: ChatLocation = {
  platform: 'slack',
  install: 'T1',
  channel: 'C1',
  kind: 'group',
  thread: null,
};
const open: SupervisedAdapter[] = [];
afterEach(async () => {
  for (const adapter of open.splice(0)) await adapter.close();
});

async function start(receiver: Partial<Receiver> = {}): Promise<SupervisedAdapter> {
  const adapter = new SupervisedAdapter({
    platform: 'slack',
    program,
    env: { SLACK_BOT_TOKEN: 'xoxb-of-this-adapter' },
    log: pino({ level: 'silent' }),
    firstRestartMs: 10,
  });
  open.push(adapter);
  await adapter.open();
  await adapter.start({
    receive: async () => ({ kind: 'quiet' }),
    complete: async () => [],
    ...receiver,
  });
  return adapter;
}

describe('an adapter in a worker thread', () => {
  it.each(['throw', 'reject', 'exit', 'exhaust memory'])(
    'that crashes by “%s” is restarted, and others are not affected',
    async (crash) => {
      const [bad, good] = [await start(), await start()];
      expect(await bad.send(location, { title: crash, tone: 'neutral' })).toEqual({
        ok: false,
        problem: { kind: 'away', reason: 'the adapter ended' },
      });
      expect(await good.send(location, { title: 'fine', tone: 'neutral' })).toEqual({
        ok: true,
        handle: { delivery: 'fine' },
      });
      await eventually(async () => {
        expect(await bad.send(location, { title: 'again', tone: 'neutral' })).toEqual({
          ok: true,
          handle: { delivery: 'again' },
        });
      });
      expect(bad.crashes()).toBe(1);
      expect(good.crashes()).toBe(0);
    },
  );

  it('hands over deliveries, and gets acknowledgements and answers', async () => {
    const heard: Inbound[] = [];
    const adapter = await start({
      receive: async (inbound, reply) => {
        heard.push(inbound);
        await reply.send({ title: 'hello', tone: 'neutral' });
        return { kind: 'working', private: true };
      },
    });
    expect(await adapter.send(location, { title: 'receive', tone: 'neutral' })).toEqual({
      ok: true,
      handle: { acknowledged: '{"kind":"working","private":true}' },
    });
    expect(heard).toMatchObject([{ user: 'U1', input: { kind: 'words', text: 'hello' } }]);
  });

  it('sees its own variables and no others', async () => {
    const adapter = await start();
    await eventually(() => expect(adapter.health().detail).toBe('SLACK_BOT_TOKEN'));
  });
});
