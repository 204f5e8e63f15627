import type { ChatBotRow } from '../rows/index.ts';

/** A bot beats every ten seconds; one that was silent for this long is not there, whatever it said last. */
const silentAfterMs = 60_000;

/** How a bot is: what it says of itself, or `silent` when it says nothing any more. One that was stopped was meant to be. */
export function chatBotState(bot: ChatBotRow, now: number): string {
  if (bot.state === 'stopped') return bot.state;
  return now - Date.parse(bot.last_beat_at) > silentAfterMs ? 'silent' : bot.state;
}
