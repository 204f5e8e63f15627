import {
  type ChannelRef,
  type DiscordServer,
  type DiscordUser,
  type Message,
  renderedText,
} from '../../bots/fakes/discord-server/index.ts';
import { eventually } from '../../db/testing/eventually.ts';
import type { AccessHarness } from './harness.ts';
import { type AccessMatrix, attempt, cellsOf } from './matrix.ts';

type Turn = Awaited<ReturnType<DiscordServer['press']>>;

interface Scene {
  readonly discord: DiscordServer;
  readonly elsewhere: ChannelRef;
  /** Confirmations for the asker alone, and for a second person. */
  readonly question: Message;
  readonly forTwo: Message;
  /** As it stood before it was answered. */
  readonly usedUp: Message;
  readonly form: Turn;
  /** Fields of every interaction of this person. */
  readonly envelope: Readonly<Record<string, unknown>>;
}

interface Somebody {
  readonly user: DiscordUser;
  readonly where: ChannelRef;
  readonly mayRead: boolean;
}

const at = (message: Message, { channel, guild }: ChannelRef): Message => ({ ...message, channel, guild });

const surfaces = {
  'a command': ({ discord }: Scene, { user, where, mayRead }: Somebody) =>
    discord.slash(user, where, mayRead ? 'gateway ping' : 'agents'),
  'a command in a direct message': ({ discord }: Scene, { user, mayRead }: Somebody) =>
    discord.slash(user, discord.direct(user), mayRead ? 'gateway ping' : 'agents'),
  'a button of somebody else': ({ discord, question }: Scene, { user, where }: Somebody) =>
    discord.press(user, at(question, where), 'Confirm'),
  'a button for two': ({ discord, forTwo }: Scene, { user, where }: Somebody) =>
    discord.press(user, at(forTwo, where), 'Approve'),
  'a button that is used up': ({ discord, usedUp }: Scene, { user, where }: Somebody) =>
    discord.press(user, at(usedUp, where), 'Confirm'),
  'a button that was taken to another channel': (
    { discord, question, elsewhere }: Scene,
    { user }: Somebody,
  ) => discord.press(user, at(question, elsewhere), 'Confirm'),
  'a button that asks for a form': async ({ discord, form }: Scene, { user, where }: Somebody) => {
    const { source } = form.interaction;
    if (source === null) throw new Error('the form came from nowhere');
    const { modal } = await discord.press(user, at(source, where), 'Type the name');
    if (modal !== null) throw new Error('a form has opened');
  },
  'a menu': ({ discord, question, envelope }: Scene, somebody: Somebody) =>
    discord.deliver({
      ...raw(envelope, somebody, 3),
      data: { component_type: 3, custom_id: tokenOf(question, 'Confirm'), values: ['yes'] },
      message: { id: question.id, channel_id: question.channel },
    }),
  'a form of somebody else': ({ discord, form }: Scene, { user, where }: Somebody) => {
    const interaction = { ...form.interaction, where };
    return discord.submit(user, { ...form, interaction }, { typed: 'default' });
  },
  'a completion': async ({ discord }: Scene, { user, where }: Somebody) => {
    const choices = await discord.complete(
      user,
      where,
      'work create_task',
      { title: 'x', agent: 'k' },
      'agent',
    );
    if (choices.length > 0) throw new Error('something was completed');
  },
  'a command of another application': ({ discord, envelope }: Scene, somebody: Somebody) =>
    discord.deliver({
      ...raw(envelope, somebody, 2, '77'),
      data: { name: 'hq', options: [{ type: 1, name: 'agents' }] },
    }),
  'a button of another application': ({ discord, question, envelope }: Scene, somebody: Somebody) =>
    discord.deliver({
      ...raw(envelope, somebody, 3, '77'),
      data: { component_type: 2, custom_id: tokenOf(question, 'Confirm') },
      message: { id: question.id, channel_id: question.channel },
    }),
  'a form of another application': ({ discord, form, envelope }: Scene, somebody: Somebody) =>
    discord.deliver({
      ...raw(envelope, somebody, 5, '77'),
      data: { custom_id: form.modal?.custom_id, components: [] },
    }),
  'a completion of another application': ({ discord, envelope }: Scene, somebody: Somebody) => {
    const agent = { type: 3, name: 'agent', value: 'k', focused: true };
    const options = [
      { type: 2, name: 'work', options: [{ type: 1, name: 'create_task', options: [agent] }] },
    ];
    return discord.deliver({ ...raw(envelope, somebody, 4, '77'), data: { name: 'hq', options } });
  },
} as const;

type Surface = keyof typeof surfaces;
const foreign = [
  'a command of another application',
  'a button of another application',
  'a form of another application',
  'a completion of another application',
] as const satisfies readonly Surface[];
const elsewhere: Surface = 'a button that was taken to another channel';
const every = Object.keys(surfaces)
  .filter((name): name is Surface => name in surfaces)
  .filter((name) => name !== elsewhere && !foreign.some((other) => other === name));

const people = {
  'somebody who is not linked': every,
  'somebody whose link was revoked': every,
  'an admin of another tenant': every,
  'an admin on a server that is not bound': every.filter((name) => name !== 'a command in a direct message'),
  'an admin through another application': foreign,
  'a bot': every,
  'somebody with the same rights': [
    'a button of somebody else',
    'a button that is used up',
    'a button that asks for a form',
    'a menu',
    'a form of somebody else',
  ],
  'who asked': ['a button for two', elsewhere],
  'a viewer': every,
} as const satisfies Record<string, readonly Surface[]>;
const readers = ['somebody with the same rights', 'who asked', 'a viewer'] as const;

export const discordMatrix: AccessMatrix = {
  platform: 'discord',
  cells: cellsOf<keyof typeof people, Surface>(people, readers),
  async open(harness) {
    const { discord } = harness.platforms;
    const cast = await assemble(harness);
    const scene = await prepare(harness, cast['who asked']);
    return {
      accountOf: ({ person }) => cast[person]?.user.id ?? '',
      attempt: (cell) => attempt(cell, surfaces, scene, cast),
      read: async () => {
        const viewer = cast['a viewer'];
        if (viewer !== undefined) await discord.slash(viewer.user, viewer.where, 'agents');
      },
      sent: () => discord.requests.map(({ path, body, attachments }) => ({ path, body, attachments })),
    };
  },
};

async function assemble(harness: AccessHarness): Promise<Record<string, Somebody>> {
  const { discord } = harness.platforms;
  const tenant = await harness.stack.database.addTenant('discord-elsewhere');
  const cast: Record<string, Somebody> = {};
  const add = (person: keyof typeof people, where: ChannelRef = discord.home, bot = false) => {
    const user = discord.user(person.replaceAll(' ', '_'), { bot });
    cast[person] = { user, where, mayRead: readers.some((reader) => reader === person) };
    return { install: '', user: user.id };
  };
  add('somebody who is not linked');
  await harness.link('discord', add('somebody whose link was revoked'), 'admin', { revoked: true });
  await harness.link('discord', add('an admin of another tenant'), 'admin', { tenant: tenant.id });
  await harness.link('discord', add('an admin on a server that is not bound', discord.newGuild()), 'admin');
  await harness.link('discord', add('an admin through another application'), 'admin');
  await harness.link('discord', add('a bot', discord.home, true), 'admin');
  await harness.link('discord', add('somebody with the same rights'), 'operator');
  await harness.link('discord', add('who asked'), 'operator');
  await harness.link('discord', add('a viewer'), 'viewer');
  return cast;
}

async function prepare(harness: AccessHarness, asker: Somebody | undefined): Promise<Scene> {
  if (asker === undefined) throw new Error('nobody asks');
  const { discord } = harness.platforms;
  const { user } = asker;
  const { home } = discord;
  const other = discord.channel('elsewhere');
  for (const { guild, channel } of [home, other])
    await harness.bind('discord', { install: guild ?? '', channel });
  const ask = async (words: string, label: string): Promise<Message> => {
    const turn = await discord.slash(user, home, words);
    return eventually(() => {
      if (turn.message === null || !renderedText(turn.message).includes(label))
        throw new Error('it did not ask');
      return turn.message;
    });
  };
  const answered = await ask('gateway restart_gateway', '[Confirm]');
  const usedUp = { ...answered };
  await discord.press(user, answered, 'Confirm');
  await discord.until(() => !renderedText(answered).includes('[Confirm]'));
  const question = await ask('gateway restart_gateway', '[Confirm]');
  const forTwo = await ask('gateway restart_dispatcher', '[Approve]');
  const byName = await ask('gateway pause_gateway', '[Type the name]');
  const form = await discord.press(user, byName, 'Type the name');
  const { interaction } = await discord.slash(user, home, 'whoami');
  return { discord, elsewhere: other, question, forTwo, usedUp, form, envelope: interaction.payload };
}

/** Returns a raw interaction that no client of Discord sends. */
function raw(
  envelope: Scene['envelope'],
  { user, where }: Somebody,
  type: number,
  application = envelope.application_id,
): Record<string, unknown> {
  return {
    ...envelope,
    ...{ id: String(BigInt(Date.now()) << 22n), type, application_id: application },
    ...{ guild_id: where.guild, channel_id: where.channel },
    member: { user: { id: user.id, username: user.username, bot: user.bot } },
  };
}

function tokenOf(message: Message, label: string): string | undefined {
  const buttons = message.components.flatMap(({ components }) => components);
  return buttons.find((one) => one.type === 2 && one.label === label)?.custom_id;
}
