import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { card, commands, handleOf, useDiscordBot } from '../../../testing/discord-bot.ts';

const bot = useDiscordBot();

describe('sending', () => {
  it("mentions nobody and stays within Discord's limits, whatever a card holds", async () => {
    const evil = '@everyone <@1> <@&2> ```js\n[x](http://evil.example) ||x||\u202e\u001b[31m';
    const sent = await bot.adapter.send(
      bot.placeOf(),
      card(evil, {
        state: evil,
        fields: Array.from({ length: 40 }, () => ({ label: evil, value: evil.repeat(100) })),
        body: [
          { kind: 'text', text: evil },
          { kind: 'log', text: evil.repeat(500) },
        ],
        buttons: Array.from({ length: 40 }, (_, index) => ({
          token: `t${index}`,
          label: evil.repeat(9),
          style: 'plain',
        })),
        stamp: evil,
        footer: evil.repeat(100),
      }),
    );
    expect(sent).toMatchObject({ ok: true });
    const [message] = bot.server.messages(bot.server.home);
    expect(message?.pings).toEqual([]);
  });

  it('sends a file with its note', async () => {
    const file = { name: '../logs of eu 1.txt', text: 'line\n'.repeat(5000), note: 'All of it' };
    expect(await bot.adapter.file(bot.placeOf(), file)).toMatchObject({ ok: true });
    const [message] = bot.server.messages(bot.server.home);
    expect(message?.attachments).toEqual([
      { filename: expect.stringMatching(/^[\w.-]+$/u), text: file.text },
    ]);
    expect(message?.content).toBe('All of it');
  });

  it('classifies each refusal of a chat', async () => {
    const handle = handleOf(await bot.adapter.send(bot.placeOf(), card('x')));
    bot.server.setAccess(bot.server.home, 'forbidden');
    expect(await bot.adapter.send(bot.placeOf(), card('x'))).toMatchObject({
      ok: false,
      problem: { kind: 'closed' },
    });
    bot.server.setAccess(bot.server.home, 'open');
    expect(await bot.adapter.send(bot.placeOf('404'), card('x'))).toMatchObject({
      problem: { kind: 'closed' },
    });
    expect(await bot.adapter.edit({ ...handle, message: '404' }, card('x'))).toEqual({
      ok: false,
      problem: { kind: 'gone' },
    });
    const messages = /^\/channels\/\d+\/messages$/u;
    bot.server.script({ method: 'POST', path: messages, status: 503, body: 'no' });
    expect(await bot.adapter.send(bot.placeOf(), card('x'))).toMatchObject({ problem: { kind: 'away' } });
    bot.server.script({
      method: 'POST',
      path: messages,
      status: 429,
      body: { message: 'slow', retry_after: 2, global: false },
      headers: { 'retry-after': '2' },
    });
    const limited = await bot.adapter.send(bot.placeOf(), card('x'));
    expect(limited).toMatchObject({ ok: false, problem: { kind: 'wait' } });
  });

  it('creates a message once although the answer to it was lost', async () => {
    bot.server.script({
      method: 'POST',
      path: /^\/channels\/\d+\/messages$/u,
      status: 504,
      body: 'too late',
      afterwards: true,
    });
    expect(await bot.adapter.send(bot.placeOf(), card('Alert'))).toMatchObject({ problem: { kind: 'away' } });
    expect(await bot.adapter.send(bot.placeOf(), card('Alert'))).toMatchObject({ ok: true });
    expect(bot.server.messages(bot.server.home)).toHaveLength(1);
    await bot.adapter.send(bot.placeOf(), card('Alert'));
    expect(bot.server.messages(bot.server.home)).toHaveLength(2);
  });

  it('registers commands at the next connection after a failure', async () => {
    bot.server.script({ method: 'PUT', path: /commands$/u, status: 503, body: 'no' });
    expect(await bot.adapter.describeCommands(commands)).toMatchObject({ problem: { kind: 'away' } });
    bot.server.gateway.drop();
    await eventually(() => expect(bot.adapter.health()).toMatchObject({ state: 'connected', detail: null }));
  });

  it('reports refused commands in its health, and keeps working', async () => {
    bot.server.script({ method: 'PUT', path: /commands$/u, status: 404, body: 'Not Found' });
    expect(await bot.adapter.describeCommands(commands)).toMatchObject({ ok: false });
    expect(bot.adapter.health()).toMatchObject({
      state: 'connected',
      detail: expect.stringContaining('not registered'),
    });
    await bot.server.slash(bot.server.user('ann'), bot.server.home, 'status');
  });
});

describe('secrets', () => {
  it('are never logged: neither the bot’s token nor an interaction’s', async () => {
    const tokens: string[] = [];
    const ann = bot.server.user('ann');
    for (const status of [500, 403, 404, 429, 401]) {
      const { interaction } = await bot.server.slash(ann, bot.server.home, 'status');
      tokens.push(interaction.token);
      const body = { message: 'no', code: 0, retry_after: 1, global: false };
      bot.server.script({
        method: 'PATCH',
        path: /@original|%40original/u,
        status,
        body,
        headers: { 'retry-after': '1' },
      });
      await bot.core.last().reply.send(card('x'));
      bot.server.script({ method: 'POST', path: /\/callback$/u, status: 400, body });
      bot.server.slash(ann, bot.server.home, 'status').catch(() => undefined);
    }
    await eventually(() => expect(bot.logged).toContain('could not be acknowledged'));
    expect(bot.logged).not.toContain(bot.server.token);
    for (const token of tokens) expect(bot.logged).not.toContain(token);
  });
});
