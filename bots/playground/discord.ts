import { ago } from '@hq/shared/text';
import {
  type ChannelRef,
  type DiscordServer,
  type Message,
  renderedText,
  startDiscordServer,
} from '../fakes/discord-server/index.ts';
import { type Destination, type Form, newestWith, type SimulatedPlatform } from './platform.ts';

type Interaction = Awaited<ReturnType<DiscordServer['slash']>>;
type Option = DiscordServer['commands'][number]['options'][number];

export async function simulateDiscord(): Promise<SimulatedPlatform> {
  const discord = await startDiscordServer();
  const you = discord.user('you');
  const chats: Readonly<Record<Destination, ChannelRef>> = {
    direct: discord.direct(you),
    channel: discord.home,
  };
  const messages = (): Message[] => Object.values(chats).flatMap((chat) => [...discord.messages(chat, you)]);
  let open: Interaction | null = null;
  const after = (interaction: Interaction): void => {
    open = interaction.modal === null ? null : interaction;
  };

  return {
    env: {
      DISCORD_BOT_TOKEN: discord.token,
      DISCORD_APPLICATION_ID: discord.applicationId,
      DISCORD_API_URL: discord.apiUrl,
    },
    hint: 'Type a command of the menu, then its options in order or as NAME=VALUE: `show agent writer`, `link CODE`.',
    async say(words, destination) {
      await discord.until(() => discord.commands.length > 0, 'the command menu');
      const { path, values } = findInMenu(discord, words.replace(/^\/hq\s*/u, ''));
      after(await discord.slash(you, chats[destination], path, values));
    },
    async press(label) {
      const found = newestWith(messages(), label, renderedText);
      after(await discord.press(you, found.message, found.label));
    },
    form: () => (open === null ? null : formOf(open)),
    messages: () =>
      messages()
        .filter(({ loading }) => !loading)
        .map((message) => ({
          id: message.id,
          destination: message.channel === chats.direct.channel ? 'direct' : 'channel',
          text: withTimes(renderedText(message)),
        })),
    close: () => discord.close(),
  };

  function formOf(interaction: Interaction): Form | null {
    if (interaction.modal === null) return null;
    return {
      title: interaction.modal.title,
      fields: interaction.modal.components.map((part) => {
        const input = part.type === 18 ? part.component : part.components[0];
        return {
          label: part.type === 18 ? part.label : input?.type === 4 ? (input.label ?? '') : '',
          choices: input?.type === 3 ? input.options.map(({ label }) => label) : [],
        };
      }),
      submit: async (values) => after(await discord.submit(you, interaction, values)),
      close: () => {
        open = null;
      },
    };
  }
}

/** Finds the command in the menu by its path or its last word, and names its options. */
function findInMenu(
  { commands }: DiscordServer,
  words: string,
): { readonly path: string; readonly values: Readonly<Record<string, string>> } {
  const typed = [...words.matchAll(/([a-z_]+=)?"([^"]*)"|\S+/gu)].map(([all, key, quoted]) =>
    quoted === undefined ? all : `${key ?? ''}${quoted}`,
  );
  for (const { path, options } of menuCommands(commands.find(({ name }) => name === 'hq')?.options ?? [])) {
    const pathLength = [path.length, 1].find((count) =>
      path.slice(-count).every((word, at) => word === typed[at]),
    );
    if (pathLength === undefined) continue;
    const values: Record<string, string> = {};
    const unnamed = options.map(({ name }) => name);
    for (const argument of typed.slice(pathLength)) {
      const [, key, value] = /^([a-z_]+)=(.*)$/su.exec(argument) ?? [];
      const name = key ?? unnamed.find((one) => values[one] === undefined);
      if (name === undefined) throw new Error(`/hq ${path.join(' ')} takes no "${argument}".`);
      values[name] = value ?? argument;
    }
    return { path: path.join(' '), values };
  }
  return { path: words, values: {} };
}

function* menuCommands(
  options: readonly Option[],
  path: readonly string[] = [],
): Generator<{ readonly path: readonly string[]; readonly options: readonly Option[] }> {
  for (const { type, name, options: inner = [] } of options) {
    if (type === 1) yield { path: [...path, name], options: inner };
    if (type === 2) yield* menuCommands(inner, [...path, name]);
  }
}

/** Replaces Discord's own times, which its apps show as an age. */
function withTimes(text: string): string {
  return text.replace(/<t:(\d+):R>/gu, (_, seconds: string) => ago(Date.now() - Number(seconds) * 1000));
}
