import type { ChatBotRow } from '../rows/index.ts';

/** A bot sends a heartbeat every ten seconds; one without a heartbeat for this long is gone. */
const silentAfterMs = 60_000;

/** The state that a bot reports, or `silent` without heartbeats. A stopped bot is stopped on purpose. */
export function chatBotState(bot: ChatBotRow, now: number): string {
  if (bot.state === 'stopped') return bot.state;
  return now - Date.parse(bot.last_beat_at) > silentAfterMs ? 'silent' : bot.state;
}
