import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { renderedText } from '../../../fakes/discord-server/index.ts';
import { card, handleOf, privately, publicly, useDiscordBot } from '../../../testing/discord-bot.ts';
import type { Acknowledgement } from '../../contract/inbound.ts';

const bot = useDiscordBot();

describe('acknowledgement', () => {
  it('acknowledges within three seconds though the core does not answer', async () => {
    bot.core.take = () => new Promise(() => undefined);
    const turn = await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    expect(turn.acknowledgedInMs).toBeLessThan(3000);
    expect(turn.message?.loading).toBe(true);
    const { reply } = bot.core.last();
    expect((await reply.send(card('After all'))).ok).toBe(true);
    expect(turn.message && renderedText(turn.message)).toBe('**After all**');
  });

  it('reports a form that comes too late to open', async () => {
    const ann = bot.server.user('ann');
    const late = Promise.withResolvers<Acknowledgement>();
    bot.core.take = () => late.promise;
    const turn = await bot.server.slash(ann, bot.server.home, 'status');
    late.resolve({ kind: 'form', form: { token: 'f', title: 'x', submit: 'x', words: ['x'], fields: [] } });
    await bot.server.until(
      () => turn.message && renderedText(turn.message).includes('send the command again'),
    );
  });

  it('reports a failure of the core', async () => {
    bot.core.take = () => Promise.reject(new Error('the port is closed'));
    const turn = await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    await bot.server.until(
      () => turn.message && renderedText(turn.message).includes('could not process that'),
    );
  });

  it('handles the same interaction once', async () => {
    const { interaction } = await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    await bot.server.redeliver(interaction);
    await bot.server.slash(bot.server.user('bob'), bot.server.home, 'status');
    expect(bot.core.received).toHaveLength(2);
    expect(bot.adapter.health().state).toBe('connected');
  });

  it('reports a conflict if a second program answers first, and still sends its answer', async () => {
    bot.server.script({
      method: 'POST',
      path: /\/callback$/u,
      status: 400,
      body: { message: 'Interaction has already been acknowledged.', code: 40_060 },
      afterwards: true,
      rival: { type: 4, data: { content: 'mine' } },
    });
    const ann = bot.server.user('ann');
    bot.core.take = async () => privately;
    await bot.server.slash(ann, bot.server.home, 'status');
    await eventually(() => expect(bot.adapter.health()).toMatchObject({ state: 'conflict' }));
    expect((await bot.core.last().reply.send(card('Ours'))).ok).toBe(true);
    expect(bot.server.messages(bot.server.home, ann).map(renderedText)).toEqual(['mine', '**Ours**']);
    expect(bot.server.messages(bot.server.home).map(renderedText)).toEqual(['mine']);
  });

  it('retries if the first attempt fails at Discord', async () => {
    bot.server.script({ method: 'POST', path: /\/callback$/u, status: 502, body: 'bad gateway' });
    const turn = await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    expect(turn.message?.loading).toBe(true);
    bot.server.script({ method: 'POST', path: /\/callback$/u, status: 502, afterwards: true });
    const lost = await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    await eventually(() =>
      expect(bot.server.requests.filter(({ path }) => path.endsWith('/callback'))).toHaveLength(4),
    );
    await bot.core.last().reply.send(card('Here'));
    expect(lost.message && renderedText(lost.message)).toBe('**Here**');
    expect(bot.adapter.health().state).toBe('connected');
  });

  it('answers an interaction that Discord forgot in the channel, and a private one by direct message', async () => {
    const ann = bot.server.user('ann');
    const direct = bot.server.direct(ann);
    const unknown = { message: 'Unknown interaction', code: 10_062 };
    for (const acknowledgement of [publicly, privately]) {
      bot.core.take = async () => acknowledgement;
      bot.server.script({ method: 'POST', path: /\/callback$/u, status: 404, body: unknown });
      const turn = bot.server.slash(ann, bot.server.home, 'status');
      turn.catch(() => undefined);
      await eventually(() => expect(bot.core.received.length).toBe(acknowledgement === publicly ? 1 : 2));
      expect((await bot.core.last().reply.send(card('Anyway'))).ok).toBe(true);
    }
    expect(bot.server.messages(bot.server.home).map(renderedText)).toEqual(['**Anyway**']);
    expect(bot.server.messages(direct).map(renderedText)).toEqual(['**Anyway**']);
  });
});

describe('after fifteen minutes', () => {
  it('edits a public card with the bot’s own token; a private one is gone', async () => {
    const ann = bot.server.user('ann');
    await bot.server.slash(ann, bot.server.home, 'status');
    const open = handleOf(await bot.core.last().reply.send(card('Running')));
    bot.core.take = async () => privately;
    await bot.server.slash(ann, bot.server.home, 'status');
    const closed = handleOf(await bot.core.last().reply.send(card('Running')));
    expect(JSON.stringify([open, closed])).not.toContain(bot.core.last().inbound.deliveryId.slice(3));
    bot.server.advance(16 * 60_000);
    expect(await bot.adapter.edit(open, card('Done'))).toMatchObject({ ok: true });
    expect(await bot.adapter.edit(closed, card('Done'))).toEqual({ ok: false, problem: { kind: 'gone' } });
    expect(bot.server.messages(bot.server.home).map(renderedText)).toEqual(['**Done**']);
  });

  it('sends a late answer as a separate message', async () => {
    await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    bot.server.advance(16 * 60_000);
    await bot.core.last().reply.send(card('Late'));
    expect(bot.server.messages(bot.server.home).map(renderedText)).toContain('**Late**');
  });

  it('lets another process edit a message of this one', async () => {
    await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    const handle = handleOf(await bot.core.last().reply.send(card('Running')));
    await bot.adapter.stop();
    await bot.startAll();
    expect(await bot.adapter.edit(handle, card('Done'))).toMatchObject({ ok: true });
    expect(bot.server.messages(bot.server.home).map(renderedText)).toEqual(['**Done**']);
  });
});
