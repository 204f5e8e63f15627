import {
  Client,
  DiscordAPIError,
  Events,
  GatewayIntentBits,
  type Interaction,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  Partials,
  SlashCommandBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { type DiscordServer, renderedText, startDiscordServer } from './index.ts';

let discord: DiscordServer;
const clients: Client[] = [];

beforeEach(async () => {
  discord = await startDiscordServer({ acknowledgeWithinMs: 1000 });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.destroy()));
  await discord.close();
});

/** The complete discord.js, which gets only the address of this server. */
async function login(
  onInteraction: (interaction: Interaction) => Promise<unknown> = async () => undefined,
): Promise<{ client: Client; errors: Error[] }> {
  const errors: Error[] = [];
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    partials: [Partials.Channel],
    rest: { api: discord.apiUrl },
  });
  clients.push(client);
  client.on(Events.Error, (error) => errors.push(error));
  client.on(Events.InteractionCreate, (interaction) => {
    onInteraction(interaction).catch((error: unknown) => {
      errors.push(error instanceof Error ? error : new Error(String(error)));
    });
  });
  const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()));
  await client.login(discord.token);
  await ready;
  await client.application?.commands.set([
    new SlashCommandBuilder()
      .setName('hq')
      .setDescription('Operate')
      .addSubcommand((sub) =>
        sub
          .setName('say')
          .setDescription('Says it')
          .addStringOption((option) =>
            option.setName('what').setDescription('What').setRequired(true).setAutocomplete(true),
          ),
      ),
  ]);
  return { client, errors };
}

describe('discord.js on the fake server', () => {
  it('logs in, registers its commands and answers one', async () => {
    const { errors } = await login(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.deferReply({ flags: MessageFlags.Ephemeral });
      await interaction.editReply(`you said ${interaction.options.getString('what')}`);
    });
    const ann = discord.user('ann');
    const bob = discord.user('bob');
    const turn = await discord.slash(ann, discord.home, 'say', { what: 'hello' });
    expect(turn.interaction.answered).toBe(5);
    await discord.until(() => turn.message && !turn.message.loading);
    expect(turn.message && renderedText(turn.message)).toBe('you said hello');
    expect(discord.messages(discord.home, ann)).toHaveLength(1);
    expect(discord.messages(discord.home, bob)).toHaveLength(0);
    expect(errors).toEqual([]);
  });

  it('handles buttons, forms and completion, in a guild and in direct messages', async () => {
    const { errors } = await login(async (interaction) => {
      if (interaction.isAutocomplete()) {
        await interaction.respond([{ name: `${interaction.options.getFocused()}…`, value: 'x' }]);
      } else if (interaction.isChatInputCommand()) {
        await interaction.reply({
          content: 'sure?',
          components: [{ type: 1, components: [{ type: 2, style: 1, label: 'Fill in', custom_id: 'fill' }] }],
        });
      } else if (interaction.isButton()) {
        await interaction.showModal(
          new ModalBuilder()
            .setCustomId('form')
            .setTitle('A form')
            .addLabelComponents(
              new LabelBuilder()
                .setLabel('Why')
                .setTextInputComponent(
                  new TextInputBuilder().setCustomId('why').setStyle(TextInputStyle.Short).setRequired(true),
                ),
            ),
        );
      } else if (interaction.isModalSubmit()) {
        await interaction.reply(`because ${interaction.fields.getTextInputValue('why')}`);
      }
    });
    const ann = discord.user('ann');
    for (const where of [discord.home, discord.direct(ann)]) {
      const choices = await discord.complete(ann, where, 'say', { what: 'he' }, 'what');
      expect(choices).toEqual([{ name: 'he…', value: 'x' }]);
      const { message } = await discord.slash(ann, where, 'say', { what: 'x' });
      if (!message) throw new Error('no message');
      const form = await discord.press(ann, message, 'Fill in');
      await expect(discord.submit(ann, form, {})).rejects.toThrow('Why must be filled in');
      const submitted = await discord.submit(ann, form, { Why: 'I can' });
      expect(submitted.message?.content).toBe('because I can');
    }
    expect(errors).toEqual([]);
  });

  it('resumes a session with the missed events, and is refused with a token that was reset', async () => {
    const { client } = await login(async (interaction) => {
      if (interaction.isChatInputCommand()) await interaction.reply('here');
    });
    discord.gateway.drop(4000);
    const turn = await discord.slash(discord.user('ann'), discord.home, 'say', { what: 'x' });
    expect(turn.message?.content).toBe('here');
    expect(discord.gateway.resumed).toBe(1);
    expect(discord.gateway.identified).toBe(1);

    discord.revokeToken();
    await discord.until(() => discord.gateway.connected === 0);
    await expect(client.rest.get('/users/@me')).rejects.toMatchObject({ status: 401 });
  });

  it('gets three seconds for the first answer, and one answer only', async () => {
    const refusals: Record<string, unknown> = {};
    await login(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      const what = interaction.options.getString('what') ?? '';
      const answer = (): Promise<unknown> =>
        interaction.client.rest.post(`/interactions/${interaction.id}/${interaction.token}/callback`, {
          auth: false,
          body: { type: 5 },
        });
      if (what === 'late') await new Promise((resolve) => setTimeout(resolve, 1100));
      else await answer();
      await answer().catch((error: unknown) => {
        refusals[what] = error instanceof DiscordAPIError && error.code;
      });
    });
    const ann = discord.user('ann');
    await expect(discord.slash(ann, discord.home, 'say', { what: 'late' })).rejects.toThrow(
      'did not respond',
    );
    await discord.slash(ann, discord.home, 'say', { what: 'twice' });
    await eventually(() => expect(refusals).toEqual({ late: 10_062, twice: 40_060 }));
  });
});

describe('the fake server refuses', () => {
  it.each([
    ['a long text', { content: 'x'.repeat(2001) }, 'Must be 2000 or fewer in length.'],
    ['nothing', { content: ' ' }, 'Cannot send an empty message'],
    [
      'too much in embeds',
      { embeds: [1, 2].map(() => ({ description: 'x'.repeat(3500) })) },
      'Embed size exceeds',
    ],
    [
      'a label that is too long',
      {
        components: [{ type: 1, components: [{ type: 2, style: 2, label: 'x'.repeat(81), custom_id: 'a' }] }],
      },
      'Must be 80 or fewer in length.',
    ],
    [
      'two components with one id',
      {
        components: [1, 2].map(() => ({
          type: 1,
          components: [{ type: 2, style: 2, label: 'x', custom_id: 'a' }],
        })),
      },
      'cannot be duplicated',
    ],
  ])('%s', async (_, body, message) => {
    const { client } = await login();
    await expect(client.rest.post(`/channels/${discord.home.channel}/messages`, { body })).rejects.toThrow(
      message,
    );
    expect(discord.messages(discord.home)).toHaveLength(0);
  });

  it('a command with an invalid name, order of options or size', async () => {
    const { client } = await login();
    const put = (command: object): Promise<unknown> =>
      client.rest.put(`/applications/${discord.applicationId}/commands`, {
        body: [{ name: 'hq', description: 'x', ...command }],
      });
    await expect(put({ name: 'HQ' })).rejects.toThrow('lower case');
    await expect(put({ description: '' })).rejects.toThrow('Must be 1 or more');
    const option = { type: 3, description: 'x' };
    await expect(
      put({
        options: [
          { ...option, name: 'a' },
          { ...option, name: 'b', required: true },
        ],
      }),
    ).rejects.toThrow('Required options must be placed before');
    const heavy = Array.from({ length: 25 }, (_, index) => ({
      type: 1,
      name: `sub${index}`,
      description: 'x'.repeat(100),
      options: [1, 2, 3].map((n) => ({ ...option, name: `o${n}`, description: 'x'.repeat(100) })),
    }));
    await expect(put({ options: heavy })).rejects.toThrow('8000');
  });

  it('an edit by a token that is older than 15 minutes', async () => {
    const { client } = await login(async (interaction) => {
      if (interaction.isChatInputCommand()) await interaction.deferReply();
    });
    const { interaction } = await discord.slash(discord.user('ann'), discord.home, 'say', { what: 'x' });
    discord.advance(16 * 60_000);
    await expect(
      client.rest.patch(`/webhooks/${discord.applicationId}/${interaction.token}/messages/@original`, {
        auth: false,
        body: { content: 'late' },
      }),
    ).rejects.toMatchObject({ code: 50_027 });
  });

  it('more messages in a channel than its bucket holds, and returns the time to wait', async () => {
    const send = (): Promise<Response> =>
      fetch(`${discord.apiUrl}/v10/channels/${discord.home.channel}/messages`, {
        method: 'POST',
        headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'x' }),
      });
    for (let sent = 0; sent < 5; sent += 1) expect((await send()).status).toBe(200);
    const refused = await send();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ global: false, retry_after: expect.any(Number) });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(discord.messages(discord.home)).toHaveLength(5);
  });
});

describe('the record of mentions', () => {
  it('holds the notified targets', async () => {
    const { client } = await login();
    const send = (body: object): Promise<unknown> =>
      client.rest.post(`/channels/${discord.home.channel}/messages`, { body });
    await send({ content: '@everyone <@123>' });
    await send({ content: '@everyone <@123>', allowed_mentions: { parse: [] } });
    expect(discord.messages(discord.home).map(({ pings }) => pings)).toEqual([['everyone', '123'], []]);
  });
});
