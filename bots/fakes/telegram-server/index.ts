/**
 * Telegram's Bot API as the wire knows it, on a loopback port: what a bot may send is checked as strictly as the API documents it, and
 * people say, press and see.
 *
 *     const telegram = await startTelegramServer();
 *     // a bot under test gets telegram.token and telegram.url
 *     const ann = telegram.person('Ann');
 *     const chat = telegram.direct(ann);            // or telegram.group('Ops', [ann])
 *     telegram.say(ann, chat, '/hq status');
 *     const card = await eventually(() => telegram.last(chat));
 *     telegram.press(ann, card, 'Restart');
 *     await telegram.close();
 *
 * `fail`, `revoke`, `pollElsewhere`, `shut`, `closeTopic`, `deleteTopic`, `migrate`, `repeat`, `countAnew` and `ageQueries` are the ways in which it goes wrong.
 */
export type { Chat, Person, RenderedMessage } from './chat-state.ts';
export { startTelegramServer, type TelegramServer } from './telegram-server.ts';
