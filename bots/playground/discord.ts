import {
  type ChannelRef,
  type DiscordServer,
  type Message,
  renderedText,
  startDiscordServer,
} from '../fakes/discord-server/index.ts';
import { type Form, newestWith, type Room, type SimulatedPlatform } from './platform.ts';

type Turn = Awaited<ReturnType<DiscordServer['slash']>>;
type Option = DiscordServer['commands'][number]['options'][number];

export async function discordFace(): Promise<SimulatedPlatform> {
  const discord = await startDiscordServer();
  const you = discord.user('you');
  const rooms: Readonly<Record<Room, ChannelRef>> = { direct: discord.direct(you), channel: discord.home };
  const messages = (): Message[] =>
    Object.values(rooms).flatMap((where) => [...discord.messages(where, you)]);
  let open: Turn | null = null;
  const after = (turn: Turn): void => {
    open = turn.modal === null ? null : turn;
  };

  return {
    env: {
      DISCORD_BOT_TOKEN: discord.token,
      DISCORD_APPLICATION_ID: discord.applicationId,
      DISCORD_API_URL: discord.apiUrl,
    },
    hint: 'Say what the menu has, and its options in their order or as NAME=VALUE: `show agent writer`, `link CODE`.',
    async say(words, room) {
      await discord.until(() => discord.commands.length > 0, 'the menu');
      const { path, values } = inMenu(discord, words.replace(/^\/hq\s*/u, ''));
      after(await discord.slash(you, rooms[room], path, values));
    },
    async press(label) {
      const found = newestWith(messages(), label, renderedText);
      after(await discord.press(you, found.message, found.label));
    },
    form: () => (open === null ? null : formOf(open)),
    seen: () =>
      messages()
        .filter(({ loading }) => !loading)
        .map((message) => ({
          id: message.id,
          room: message.channel === rooms.direct.channel ? 'direct' : 'channel',
          text: renderedText(message),
        })),
    close: () => discord.close(),
  };

  function formOf(turn: Turn): Form | null {
    if (turn.modal === null) return null;
    return {
      title: turn.modal.title,
      fields: turn.modal.components.map((part) => {
        const input = part.type === 18 ? part.component : part.components[0];
        return {
          label: part.type === 18 ? part.label : input?.type === 4 ? (input.label ?? '') : '',
          choices: input?.type === 3 ? input.options.map(({ label }) => label) : [],
        };
      }),
      submit: async (values) => after(await discord.submit(you, turn, values)),
      close: () => {
        open = null;
      },
    };
  }
}

/** The way through the menu, which may be left out but for its end, and the options by their names. */
function inMenu(
  { commands }: DiscordServer,
  words: string,
): { readonly path: string; readonly values: Readonly<Record<string, string>> } {
  const said = [...words.matchAll(/([a-z_]+=)?"([^"]*)"|\S+/gu)].map(([all, key, quoted]) =>
    quoted === undefined ? all : `${key ?? ''}${quoted}`,
  );
  for (const { path, options } of endsOf(commands.find(({ name }) => name === 'hq')?.options ?? [])) {
    const spoken = [path.length, 1].find((count) =>
      path.slice(-count).every((word, at) => word === said[at]),
    );
    if (spoken === undefined) continue;
    const values: Record<string, string> = {};
    const unnamed = options.map(({ name }) => name);
    for (const argument of said.slice(spoken)) {
      const [, key, value] = /^([a-z_]+)=(.*)$/su.exec(argument) ?? [];
      const name = key ?? unnamed.find((one) => values[one] === undefined);
      if (name === undefined) throw new Error(`/hq ${path.join(' ')} takes no "${argument}".`);
      values[name] = value ?? argument;
    }
    return { path: path.join(' '), values };
  }
  return { path: words, values: {} };
}

function* endsOf(
  options: readonly Option[],
  path: readonly string[] = [],
): Generator<{ readonly path: readonly string[]; readonly options: readonly Option[] }> {
  for (const { type, name, options: inner = [] } of options) {
    if (type === 1) yield { path: [...path, name], options: inner };
    if (type === 2) yield* endsOf(inner, [...path, name]);
  }
}
