import { type Chat, type RenderedMessage, startTelegramServer } from '../fakes/telegram-server/index.ts';
import { type Destination, newestWith, type SimulatedPlatform } from './platform.ts';

export async function simulateTelegram(): Promise<SimulatedPlatform> {
  const telegram = await startTelegramServer();
  const you = telegram.person('You');
  const chats: Readonly<Record<Destination, Chat>> = {
    direct: telegram.direct(you),
    channel: telegram.group('Ops', [you]),
  };
  const messages = (): RenderedMessage[] => [
    ...telegram.messages(chats.direct),
    ...telegram.messages(chats.channel),
  ];

  return {
    env: { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url },
    hint: 'Type the answer to a question as a message.',
    async say(words, destination) {
      const question = telegram.messages(chats[destination]).findLast(isQuestion);
      const isCommand = words.startsWith('/');
      const text = isCommand || destination === 'direct' || question !== undefined ? words : `/hq ${words}`;
      telegram.write(
        you,
        chats[destination],
        text,
        isCommand || question === undefined ? {} : { replyTo: question },
      );
    },
    async press(label) {
      const found = newestWith(messages(), label, textOf);
      telegram.press(you, found.message, found.label);
    },
    form: () => null,
    messages: () =>
      messages().map((message) => ({
        id: `${message.chat}:${message.id}`,
        destination: message.chat === chats.direct.id ? 'direct' : 'channel',
        text: textOf(message),
      })),
    close: () => telegram.close(),
  };
}

/** A question with buttons asks for a reply in its text. */
function isQuestion({ asksForReply, text }: RenderedMessage): boolean {
  return asksForReply || text.includes('Reply to this message to answer.');
}

function textOf({ text, file, buttons }: RenderedMessage): string {
  return [
    text,
    ...(file === undefined ? [] : [`file ${file.name}`]),
    ...buttons.map((row) => row.map((label) => `[${label}]`).join(' ')),
  ].join('\n');
}
