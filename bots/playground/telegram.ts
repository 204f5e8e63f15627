import { type Chat, type RenderedMessage, startTelegramServer } from '../fakes/telegram-server/index.ts';
import { newestWith, type Room, type SimulatedPlatform } from './platform.ts';

export async function telegramFace(): Promise<SimulatedPlatform> {
  const telegram = await startTelegramServer();
  const you = telegram.person('You');
  const rooms: Readonly<Record<Room, Chat>> = {
    direct: telegram.direct(you),
    channel: telegram.group('Ops', [you]),
  };
  const messages = (): RenderedMessage[] => [
    ...telegram.messages(rooms.direct),
    ...telegram.messages(rooms.channel),
  ];

  return {
    env: { TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_ROOT: telegram.url },
    hint: 'Questions are answered by writing the answer.',
    async say(words, room) {
      const question = telegram.messages(rooms[room]).findLast(({ asksForReply }) => asksForReply);
      const isCommand = words.startsWith('/');
      const text = isCommand || room === 'direct' || question !== undefined ? words : `/hq ${words}`;
      telegram.write(
        you,
        rooms[room],
        text,
        isCommand || question === undefined ? {} : { replyTo: question },
      );
    },
    async press(label) {
      const found = newestWith(messages(), label, textOf);
      telegram.press(you, found.message, found.label);
    },
    form: () => null,
    seen: () =>
      messages().map((message) => ({
        id: `${message.chat}:${message.id}`,
        room: message.chat === rooms.direct.id ? 'direct' : 'channel',
        text: textOf(message),
      })),
    close: () => telegram.close(),
  };
}

function textOf({ text, file, buttons }: RenderedMessage): string {
  return [
    text,
    ...(file === undefined ? [] : [`file ${file.name}`]),
    ...buttons.map((row) => row.map((label) => `[${label}]`).join(' ')),
  ].join('\n');
}
