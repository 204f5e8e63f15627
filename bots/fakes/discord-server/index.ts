/**
 * Discord on loopback: the REST API, the gateway's WebSocket and signed interactions. It checks requests as strictly as
 * Discord documents them, applies Discord's limits and times, and simulates users:
 *
 *     const discord = await startDiscordServer();
 *     // DISCORD_BOT_TOKEN=discord.token DISCORD_API_URL=discord.apiUrl
 *     const turn = await discord.slash(discord.user('ann'), discord.home, 'status');
 *     await discord.until(() => turn.message && renderedText(turn.message).includes('ready'));
 */
export { type DiscordServer, startDiscordServer } from './discord-server.ts';
export { type ChannelRef, type DiscordUser, type Message, renderedText } from './guild-state.ts';
