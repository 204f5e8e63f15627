/**
 * Telegram's Bot API on a loopback port. It checks requests as strictly as the API documents them, and simulates users:
 *
 *     const telegram = await startTelegramServer();
 *     // TELEGRAM_BOT_TOKEN=telegram.token TELEGRAM_API_ROOT=telegram.url
 *     const ann = telegram.person('Ann');
 *     const chat = telegram.direct(ann);            // or telegram.group('Ops', [ann])
 *     telegram.write(ann, chat, '/hq status');
 *     const card = await eventually(() => telegram.last(chat));
 *     telegram.press(ann, card, 'Restart');
 *     await telegram.close();
 *
 * Simulated faults: `fail`, `revoke`, `pollElsewhere`, `closeChat`, `closeTopic`, `deleteTopic`, `migrate`, `redeliver`, `resetUpdateIds` and
 * `expireQueries`.
 */
export type { Chat, Person, RenderedMessage } from './chat-state.ts';
export { startTelegramServer, type TelegramServer } from './telegram-server.ts';
