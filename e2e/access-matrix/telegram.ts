import type {
  Chat,
  Person,
  RenderedMessage,
  TelegramServer,
} from '../../bots/fakes/telegram-server/index.ts';
import { eventually } from '../../db/testing/eventually.ts';
import type { AccessHarness } from './harness.ts';
import { type AccessMatrix, attempt, cellsOf } from './matrix.ts';

interface Scene {
  readonly telegram: TelegramServer;
  readonly elsewhere: Chat;
  /** Confirmations for the asker alone, and for a second person. */
  readonly question: RenderedMessage;
  readonly forTwo: RenderedMessage;
  readonly usedUp: RenderedMessage;
}

interface Somebody {
  readonly person: Person;
  /** A bound group of their own: Telegram takes twenty messages a minute from a bot in one. */
  readonly group: Chat;
  readonly mayRead: boolean;
  /** Fields that Telegram adds to their messages. */
  readonly manner: Parameters<TelegramServer['write']>[3];
}

const commandOf = ({ mayRead }: Somebody): string => (mayRead ? '/hq ping' : '/hq agents');

const surfaces = {
  'a command': ({ telegram }: Scene, somebody: Somebody) =>
    telegram.write(somebody.person, somebody.group, commandOf(somebody), somebody.manner),
  'a command in a direct message': ({ telegram }: Scene, somebody: Somebody) =>
    telegram.write(somebody.person, telegram.direct(somebody.person), commandOf(somebody), somebody.manner),
  'words in a direct message': ({ telegram }: Scene, { person, mayRead, manner }: Somebody) =>
    telegram.write(person, telegram.direct(person), mayRead ? 'ping' : 'agents', manner),
  'a post': ({ telegram }: Scene, { person, manner }: Somebody) => {
    if (typeof manner?.as !== 'object') throw new Error('nothing is posted by a person');
    return telegram.write(person, manner.as, '/hq agents', manner);
  },
  'a word of the command menu': ({ telegram }: Scene, { person, group, manner }: Somebody) =>
    telegram.write(person, group, '/hq_restart_gateway', manner),
  'a command that asks for more': ({ telegram }: Scene, { person, group, manner }: Somebody) =>
    telegram.write(person, group, '/hq create_task', manner),
  'a button of somebody else': ({ telegram, question }: Scene, { person }: Somebody) =>
    telegram.press(person, question, 'Confirm'),
  'a button for two': ({ telegram, forTwo }: Scene, { person }: Somebody) =>
    telegram.press(person, forTwo, 'Approve'),
  'a button that is used up': ({ telegram, usedUp }: Scene, { person }: Somebody) =>
    telegram.press(person, usedUp, 'Confirm', true),
  'a button that was taken to another chat': ({ telegram, elsewhere }: Scene, { person }: Somebody) => {
    const carrier = telegram.messages(elsewhere).at(-1);
    if (carrier === undefined) throw new Error('no message was sent elsewhere');
    return telegram.forge(person, carrier, tokenOf(telegram, 'Confirm'));
  },
} as const;

type Surface = keyof typeof surfaces;
const elsewhere: Surface = 'a button that was taken to another chat';
const every = Object.keys(surfaces)
  .filter((name): name is Surface => name in surfaces)
  .filter((name) => name !== elsewhere && name !== 'a post');
const inGroup = [
  'a command',
  'a word of the command menu',
  'a command that asks for more',
] as const satisfies readonly Surface[];

const people = {
  'somebody who is not linked': every,
  'somebody whose link was revoked': every,
  'an admin of another tenant': every,
  'a bot': every,
  'an anonymous admin': inGroup,
  'somebody who writes as a channel': [...inGroup, 'a post'],
  'an admin whose words were forwarded': [
    ...inGroup,
    'a command in a direct message',
    'words in a direct message',
  ],
  'somebody with the same rights': ['a button of somebody else', 'a button that is used up'],
  'who asked': ['a button for two', elsewhere],
  'a viewer': every,
} as const satisfies Record<string, readonly Surface[]>;
const readers = ['somebody with the same rights', 'who asked', 'a viewer'] as const;

export const telegramMatrix: AccessMatrix = {
  platform: 'telegram',
  cells: cellsOf<keyof typeof people, Surface>(people, readers),
  async open(harness) {
    const { telegram } = harness.platforms;
    const cast = await assemble(harness);
    const scene = await prepare(harness, cast);
    return {
      accountOf: ({ person }) => String(accountOf(cast[person])),
      attempt: (cell) => attempt(cell, surfaces, scene, cast),
      read: async () => {
        const viewer = cast['a viewer'];
        if (viewer !== undefined) telegram.write(viewer.person, viewer.group, '/hq agents');
      },
      sent: () => telegram.calls.map(({ method, params }) => ({ method, params })),
    };
  },
};

/** Returns the id of the chat for someone who writes as a chat. */
function accountOf(somebody: Somebody | undefined): number | undefined {
  const as = somebody?.manner?.as;
  return as === undefined ? somebody?.person.id : as === 'anonymous' ? somebody?.group.id : as.id;
}

async function assemble(harness: AccessHarness): Promise<Record<string, Somebody>> {
  const { telegram } = harness.platforms;
  const tenant = await harness.stack.database.addTenant('telegram-elsewhere');
  const cast: Record<string, Somebody> = {};
  const add = (name: keyof typeof people, manner: Somebody['manner'] = {}, isBot = false) => {
    const person = telegram.person(name.replaceAll(' ', '_'), isBot);
    const group = telegram.group(name, [person], 'supergroup');
    cast[name] = { person, group, manner, mayRead: readers.some((reader) => reader === name) };
    return { install: String(telegram.bot.id), user: String(person.id) };
  };
  add('somebody who is not linked');
  await harness.link('telegram', add('somebody whose link was revoked'), 'admin', { revoked: true });
  await harness.link('telegram', add('an admin of another tenant'), 'admin', { tenant: tenant.id });
  await harness.link('telegram', add('a bot', {}, true), 'admin');
  await harness.link('telegram', add('an anonymous admin', { as: 'anonymous' }), 'admin');
  const channel = telegram.group('News', [], 'channel');
  await harness.link('telegram', add('somebody who writes as a channel', { as: channel }), 'admin');
  await harness.link('telegram', add('an admin whose words were forwarded', { isForwarded: true }), 'admin');
  await harness.link('telegram', add('somebody with the same rights'), 'operator');
  await harness.link('telegram', add('who asked'), 'operator');
  await harness.link('telegram', add('a viewer'), 'viewer');
  return cast;
}

async function prepare(harness: AccessHarness, cast: Readonly<Record<string, Somebody>>): Promise<Scene> {
  const { telegram } = harness.platforms;
  const everybody = Object.values(cast).map(({ person }) => person);
  const asker = cast['who asked']?.person;
  if (asker === undefined) throw new Error('nobody asks');
  const group = telegram.group('Ops', everybody, 'supergroup');
  const other = telegram.group('Elsewhere', everybody, 'supergroup');
  for (const { id } of [group, other, ...Object.values(cast).map((one) => one.group)])
    await harness.bind('telegram', { install: String(telegram.bot.id), channel: String(id) });
  const answerTo = (
    chat: Chat,
    text: string,
    isIt: (seen: RenderedMessage) => boolean,
  ): Promise<RenderedMessage> => {
    telegram.write(asker, chat, text);
    return eventually(() => {
      const last = telegram.last(chat);
      if (!isIt(last)) throw new Error(`it did not answer ${text}`);
      return last;
    });
  };
  const ask = (text: string, label: string) =>
    answerTo(group, text, ({ buttons }) => buttons.flat().includes(label));
  const usedUp = await ask('/hq restart_gateway', 'Confirm');
  telegram.press(asker, usedUp, 'Confirm');
  await eventually(() => {
    const now = telegram.messages(group).find(({ id }) => id === usedUp.id);
    if (now?.buttons.flat().includes('Confirm') !== false) throw new Error('it still asks');
  });
  const question = await ask('/hq restart_gateway', 'Confirm');
  const forTwo = await ask('/hq restart_dispatcher', 'Approve');
  await answerTo(other, '/hq whoami', ({ text }) => text !== '');
  return { telegram, elsewhere: other, question, forTwo, usedUp };
}

/** Returns the callback data of the newest button with that label. */
function tokenOf({ calls }: TelegramServer, label: string): string {
  const found = JSON.stringify(calls).matchAll(
    new RegExp(`"text":"${label}","callback_data":"([^"]+)"`, 'gu'),
  );
  const token = [...found].at(-1)?.[1];
  if (token === undefined) throw new Error(`there was no button ${label}`);
  return token;
}
