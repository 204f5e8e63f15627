import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../../db/testing/eventually.ts';
import { renderedText, startDiscordServer } from '../../../../fakes/discord-server/index.ts';
import { card, closedPort, handleOf, useDiscordBot } from '../../../../testing/discord-bot.ts';

const bot = useDiscordBot();

describe("a bot without a server in Discord's greeting", () => {
  it('reports that it needs an invitation until the first interaction in a server', async () => {
    await bot.adapter.stop();
    await bot.server.close();
    bot.server = await startDiscordServer({ namesNoServers: true });
    await bot.startAll();
    expect(bot.adapter.health()).toMatchObject({
      state: 'connected',
      detail: expect.stringMatching(/in no server yet/),
    });
    await bot.server.slash(bot.server.user('ann'), bot.server.home, 'restart', { gateway: 'eu-1' });
    expect(bot.adapter.health()).toMatchObject({ state: 'connected', detail: null });
  });
});

describe('the connection', () => {
  it('receives a command of the time without connection after a resume', async () => {
    bot.server.gateway.drop();
    await eventually(() => expect(bot.adapter.health().state).toBe('reconnecting'));
    const turn = await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    await bot.core.last().reply.send(card('Here'));
    expect(turn.message && renderedText(turn.message)).toBe('**Here**');
    expect(bot.server.gateway).toMatchObject({ identified: 1, resumed: 1 });
    expect(bot.adapter.health()).toMatchObject({ state: 'connected', detail: null });
  });

  it('identifies again if its session is unknown', async () => {
    bot.server.gateway.order(9, false);
    await eventually(() => expect(bot.server.gateway.identified).toBe(2));
    await eventually(() => expect(bot.adapter.health().state).toBe('connected'));
    await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
  });

  it("reconnects and sends heartbeats on Discord's request", async () => {
    bot.server.gateway.order(1);
    await eventually(() => expect(bot.server.gateway.heartbeats).toBeGreaterThan(0));
    bot.server.gateway.order(7);
    await eventually(() => expect(bot.server.gateway.resumed).toBe(1));
    expect(bot.server.gateway.lastIntents).toBe(1);
  });

  it('reports a token that was reset, and does not retry it at once', async () => {
    bot.server.revokeToken();
    await eventually(() => expect(bot.adapter.health()).toMatchObject({ state: 'revoked' }));
    expect(await bot.adapter.send(bot.placeOf(), card('x'))).toMatchObject({
      ok: false,
      problem: { kind: 'away' },
    });
    expect(bot.server.gateway.connected).toBe(0);
    expect(bot.server.gateway.identified).toBe(1);
  });

  it('reports a wrong token at its start, and retries one without Discord', async () => {
    const wrong = await bot.create({ DISCORD_BOT_TOKEN: 'MTIz.abc.def' });
    await wrong.start(bot.core);
    expect(wrong.health().state).toBe('revoked');
    expect(bot.logged).toContain('Create a new token');
    await wrong.stop();

    const away = await bot.create({ DISCORD_API_URL: `http://127.0.0.1:${await closedPort()}/api` });
    await away.start(bot.core);
    expect(away.health()).toMatchObject({
      state: 'reconnecting',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    await away.stop();
    expect(away.health().state).toBe('stopped');
  });

  it('stays closed after a stop, even during a reconnection', async () => {
    bot.server.gateway.drop();
    await eventually(() => expect(bot.adapter.health().state).toBe('reconnecting'));
    await bot.adapter.stop();
    const identified = bot.server.gateway.identified + bot.server.gateway.resumed;
    // A reconnection of the library comes half a second after the loss.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(bot.server.gateway.connected).toBe(0);
    expect(bot.server.gateway.identified + bot.server.gateway.resumed).toBe(identified);
  });
});

describe('a second start', () => {
  it('connects again and handles each interaction once', async () => {
    await bot.adapter.stop();
    expect(bot.adapter.health().state).toBe('stopped');
    await bot.adapter.start(bot.core);
    expect(bot.adapter.health()).toMatchObject({ state: 'connected', detail: null });
    expect(bot.server.gateway).toMatchObject({ identified: 2, connected: 1 });
    const turn = await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
    await bot.core.last().reply.send(card('Here'));
    expect(turn.message && renderedText(turn.message)).toBe('**Here**');
    expect(bot.core.received).toHaveLength(1);
  });
});

describe('signed interactions by HTTP', () => {
  it('replace the gateway entirely', async () => {
    await bot.adapter.stop();
    const identified = bot.server.gateway.identified;
    bot.adapter = await bot.create({
      DISCORD_PUBLIC_KEY: bot.server.publicKey,
      DISCORD_LISTEN: '127.0.0.1:0',
    });
    await bot.adapter.start(bot.core);
    const port = /"port":(\d+)/u.exec(bot.logged)?.[1];
    expect(await bot.server.useEndpoint(`http://127.0.0.1:${port}/`)).toBe(true);
    const ann = bot.server.user('ann');
    const turn = await bot.server.slash(ann, bot.server.home, 'status');
    const handle = handleOf(await bot.core.last().reply.send(card('Here')));
    expect(turn.message && renderedText(turn.message)).toBe('**Here**');
    await bot.adapter.edit(handle, card('Edited'));
    expect(turn.message && renderedText(turn.message)).toBe('**Edited**');
    bot.core.complete = async () => [{ label: 'a', value: 'a' }];
    expect(await bot.server.complete(ann, bot.server.home, 'restart', { gateway: 'a' }, 'gateway')).toEqual([
      { name: 'a', value: 'a' },
    ]);
    expect(bot.server.gateway.identified).toBe(identified);
    expect(bot.adapter.health()).toMatchObject({ state: 'connected' });
  });
});
