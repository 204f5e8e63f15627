import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { renderedText } from '../../../fakes/discord-server/index.ts';
import { card, handleOf, privately, publicly, useDiscordBot } from '../../../testing/discord-bot.ts';

const bot = useDiscordBot();

describe('interactions', () => {
  it('hand over a command with its user, channel and options, and replace the placeholder by its card', async () => {
    const ann = bot.server.user('ann');
    const turn = await bot.server.slash(ann, bot.server.home, 'restart', { gateway: 'eu-1', lines: '5' });
    expect(turn.message?.loading).toBe(true);
    const { inbound, reply } = bot.core.last();
    expect(inbound).toMatchObject({
      platform: 'discord',
      install: bot.server.home.guild,
      channel: bot.server.home.channel,
      kind: 'group',
      thread: null,
      user: ann.id,
      deliveryId: `dc:${turn.interaction.id}`,
      input: { kind: 'options', words: ['restart'], options: { gateway: 'eu-1', lines: '5' } },
    });
    expect(inbound).not.toHaveProperty('stranger');

    const handle = handleOf(await reply.send(card('Restart', { state: 'running' })));
    expect(turn.message && renderedText(turn.message)).toBe('**Restart** — running');
    expect(
      await bot.adapter.edit(handle, card('Restart', { state: 'done in 3s', tone: 'good' })),
    ).toMatchObject({
      ok: true,
    });
    expect(turn.message && renderedText(turn.message)).toBe('**Restart** — done in 3s');

    await reply.send(card('One more'));
    expect(turn.followUps.map(renderedText)).toEqual(['**One more**']);
  });

  it('use a separate install for direct messages', async () => {
    const ann = bot.server.user('ann');
    await bot.server.slash(ann, bot.server.direct(ann), 'status');
    expect(bot.core.last().inbound).toMatchObject({ install: '@me', kind: 'direct', user: ann.id });
  });

  it('show a private answer to its user alone, even after a public placeholder', async () => {
    const ann = bot.server.user('ann');
    const bob = bot.server.user('bob');
    bot.core.take = async () => privately;
    await bot.server.slash(ann, bot.server.home, 'status');
    await bot.core.last().reply.send(card('Only for you'));
    bot.core.take = async () => publicly;
    await bot.server.slash(ann, bot.server.home, 'status');
    const handle = handleOf(await bot.core.last().reply.send(card('This too'), { private: true }));
    const words = bot.server.messages(bot.server.home, ann).map(renderedText);
    expect(words).toEqual(['**Only for you**', '**This too**']);
    expect(bot.server.messages(bot.server.home, bob)).toEqual([]);

    await bot.adapter.edit(handle, card('This too, edited'));
    expect(bot.server.messages(bot.server.home, ann).map(renderedText)).toContain('**This too, edited**');
  });

  it('hand over a press with its message, and change nothing for a quiet one', async () => {
    const ann = bot.server.user('ann');
    await bot.adapter.send(
      bot.placeOf(),
      card('Sure?', {
        buttons: [
          { token: 'v1:yes', label: 'Yes', style: 'danger' },
          { token: 'v1:no', label: 'No', style: 'plain' },
        ],
      }),
    );
    const [message] = bot.server.messages(bot.server.home);
    if (!message) throw new Error('no message');
    bot.core.take = async () => ({ kind: 'quiet' });
    const turn = await bot.server.press(ann, message, 'Yes');
    expect(turn.interaction.answered).toBe(6);
    expect(bot.core.last().inbound.input).toEqual({
      kind: 'button',
      token: 'v1:yes',
      message: { channel: bot.server.home.channel, message: message.id },
    });
    await bot.core.last().reply.send(card('Not yours'), { private: true });
    expect(turn.followUps.map(({ onlyFor }) => onlyFor)).toEqual([ann.id]);

    await bot.adapter.edit({ channel: message.channel, message: message.id }, card('Decided'));
    expect(bot.server.messages(bot.server.home).map(renderedText)).toEqual(['**Decided**']);
  });

  it('open a form as the first answer, and hand over its values', async () => {
    const ann = bot.server.user('ann');
    bot.core.take = async ({ input }) =>
      input.kind === 'form'
        ? publicly
        : {
            kind: 'form',
            form: {
              token: 'f1',
              title: 'Which one, and why? '.repeat(10),
              submit: 'Go',
              words: ['x'],
              fields: [
                { name: 'why', label: 'Why', kind: 'paragraph', required: true },
                {
                  name: 'which',
                  label: 'Which',
                  kind: 'choice',
                  required: false,
                  choices: [
                    { label: 'First', value: 'a' },
                    { label: 'Second', value: 'b' },
                  ],
                },
              ],
            },
          };
    const form = await bot.server.slash(ann, bot.server.home, 'status');
    await bot.server.submit(ann, form, { Why: 'because', Which: 'Second' });
    expect(bot.core.last().inbound.input).toEqual({
      kind: 'form',
      token: 'f1',
      values: { why: 'because', which: 'b' },
    });
  });

  it("complete with the core's choices, asking once for the same input", async () => {
    const ann = bot.server.user('ann');
    const context: unknown[] = [];
    bot.core.complete = async (sender, request) => {
      context.push([sender.user, request]);
      return Array.from({ length: 30 }, (_, index) => ({ label: `gateway ${index}`, value: `g${index}` }));
    };
    const complete = () =>
      bot.server.complete(ann, bot.server.home, 'restart', { gateway: 'ga', lines: '3' }, 'gateway');
    const [first, second] = await Promise.all([complete(), complete()]);
    expect(first).toHaveLength(25);
    expect(second[0]).toEqual({ name: 'gateway 0', value: 'g0' });
    expect(context).toEqual([[ann.id, { words: ['restart'], argument: 'gateway', typed: 'ga' }]]);
  });

  it('hand over the text of /hq run as words', async () => {
    await bot.server.slash(bot.server.user('ann'), bot.server.home, 'run', { words: 'restart eu-1' });
    expect(bot.core.last().inbound.input).toEqual({ kind: 'words', text: 'restart eu-1' });
  });

  it('mark bots and deliveries for another application as strangers', async () => {
    await bot.server.slash(bot.server.user('robot', { bot: true }), bot.server.home, 'status');
    expect(bot.core.last().inbound.stranger).toBe('bot');
    const ann = bot.server.user('ann');
    const { interaction } = await bot.server.slash(ann, bot.server.home, 'status');
    bot.server.deliver({ ...interaction.payload, id: '990', application_id: '12345' });
    await eventually(() =>
      expect(bot.core.last().inbound).toMatchObject({ deliveryId: 'dc:990', stranger: 'outsider' }),
    );
  });

  it('accept an interaction with the required fields alone', async () => {
    bot.server.deliver({
      id: '991',
      token: 'tok',
      type: 2,
      channel_id: '5',
      user: { id: '77' },
      data: { name: 'hq', options: [{ name: 'status', type: 1 }] },
    });
    await eventually(() =>
      expect(bot.core.last().inbound).toMatchObject({
        install: '@me',
        kind: 'direct',
        user: '77',
        input: { kind: 'options', words: ['status'], options: {} },
      }),
    );
    bot.server.deliver({ id: '992', type: 2 });
    bot.server.deliver({
      id: '993',
      token: 'tok',
      type: 2,
      channel_id: '5',
      user: { id: '77' },
      data: { name: 'hq', options: [{ name: 'text', type: 3, value: 'restart eu-1' }] },
    });
    await eventually(() =>
      expect(bot.core.last().inbound.input).toEqual({ kind: 'words', text: 'restart eu-1' }),
    );
    expect(bot.core.received).toHaveLength(2);
  });
});
