/**
 * A Discord that runs here: the REST API, the gateway's WebSocket and signed interactions, as the real libraries speak to
 * them. It refuses what Discord refuses, keeps to Discord's limits and times, and lets a test be its users:
 *
 *     const discord = await startDiscordServer();
 *     // DISCORD_BOT_TOKEN=discord.token DISCORD_API_URL=discord.apiUrl
 *     const turn = await discord.slash(discord.user('ann'), discord.home, 'status');
 *     await discord.until(() => turn.message && readable(turn.message).includes('ready'));
 */
export { type DiscordServer, startDiscordServer } from './discord-server.ts';
export { type ChannelRef, type DiscordUser, type Message, renderedText } from './guild-state.ts';
