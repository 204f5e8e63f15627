import { renderedText } from '../../bots/fakes/discord-server/index.ts';
import type { Platforms } from '../../bots/testing/bots-process.ts';
import { nilTenant } from '../../db/testing/database.ts';
import type { TestStack } from '../../local/testing/stack.ts';

/** One chat with the current texts of its messages, the oldest first. */
export interface Chat {
  readonly platform: string;
  messages(): readonly string[];
  press(at: number, label: string): Promise<unknown>;
}

/** Opens a direct chat of an operator on each platform, and subscribes it to alerts. */
export async function subscribeChats(stack: TestStack, platforms: Platforms): Promise<readonly Chat[]> {
  const linkTo =
    (platform: string) =>
    async (install: string, user: string): Promise<void> => {
      const { id } = await stack.createMember('operator');
      await stack.database.query(
        'insert into chat_identities (tenant_id, user_id, platform, install, chat_user) values ($1, $2, $3, $4, $5)',
        [nilTenant, id, platform, install, user],
      );
    };
  return [
    await onSlack(platforms, linkTo('slack')),
    await onDiscord(platforms, linkTo('discord')),
    await onTelegram(platforms, linkTo('telegram')),
  ];
}

type Link = (install: string, user: string) => Promise<void>;

async function onSlack({ slack: { server, actions } }: Platforms, link: Link): Promise<Chat> {
  const { workspace } = server;
  const cat = workspace.user('cat');
  await link(workspace.team, cat.id);
  const chat = workspace.direct(cat);
  await actions.slash(cat, chat, 'subscribe');
  return {
    platform: 'slack',
    messages: () => workspace.visibleMessages(chat.id, cat.id).map((one) => workspace.render(one).text),
    press: (at, label) => actions.press(cat, there(workspace.visibleMessages(chat.id, cat.id)[at]), label),
  };
}

async function onDiscord({ discord }: Platforms, link: Link): Promise<Chat> {
  const ben = discord.user('ben');
  await link('', ben.id);
  const chat = discord.direct(ben);
  await discord.slash(ben, chat, 'chat subscribe');
  return {
    platform: 'discord',
    messages: () => discord.messages(chat, ben).map(renderedText),
    press: (at, label) => discord.press(ben, there(discord.messages(chat, ben)[at]), label),
  };
}

async function onTelegram({ telegram }: Platforms, link: Link): Promise<Chat> {
  const ann = telegram.person('Ann');
  await link(String(telegram.bot.id), String(ann.id));
  const chat = telegram.direct(ann);
  telegram.write(ann, chat, '/hq subscribe');
  return {
    platform: 'telegram',
    messages: () => telegram.messages(chat).map(({ text }) => text),
    press: async (at, label) => telegram.press(ann, there(telegram.messages(chat)[at]), label),
  };
}

export function there<Message>(message: Message | undefined): Message {
  if (message === undefined) throw new Error('there is no such message');
  return message;
}
