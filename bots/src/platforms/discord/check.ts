import { DiscordAPIError, REST } from 'discord.js';
import { z } from 'zod';
import type { Finding } from '../../contract/adapter.ts';
import { failed, passed } from '../finding.ts';
import { describeError } from './errors.ts';
import { restOptions } from './outbound/rest-options.ts';
import { commandName } from './render/commands-menu.ts';
import type { DiscordSettings } from './settings.ts';

const user = z.object({ id: z.string(), username: z.string().default('') });
const application = z.object({ id: z.string() });
const list = z.array(z.object({ name: z.string().optional() }));

type Ask = <T>(path: `/${string}`, schema: z.ZodType<T>) => Promise<T>;

/** Checks the set-up by read requests alone. */
export async function checkDiscord(settings: DiscordSettings): Promise<readonly Finding[]> {
  const rest = new REST(restOptions(settings.apiUrl)).setToken(settings.token);
  const ask: Ask = async (path, schema) => schema.parse(await rest.get(path));
  try {
    const me = await ask('/users/@me', user);
    const own = await ask('/applications/@me', application).catch(() => null);
    const id = own?.id ?? settings.applicationId;
    return [
      passed(`The token is accepted: it belongs to the bot ${me.username || me.id}.`),
      ...checkApplication(settings, id),
      await checkServers(ask),
      ...(id === null ? [] : [await checkCommands(ask, id)]),
      await checkConnection(settings, ask),
    ];
  } catch (error) {
    // A server other than Discord's may lack this; the bot itself never asks for it.
    if (statusOf(error) === 404) return [await checkConnection(settings, ask)];
    if (error instanceof DiscordAPIError) return [tokenRefused(error.status)];
    const reason =
      error instanceof z.ZodError ? 'the answer does not have Discord’s format' : describeError(error);
    const hint = 'Check the network, and DISCORD_API_URL if it is set.';
    return [failed(`Discord cannot be reached: ${reason}.`, hint)];
  }
}

const statusOf = (error: unknown): number | null => (error instanceof DiscordAPIError ? error.status : null);

function tokenRefused(status: number): Finding {
  return failed(
    `Discord does not accept DISCORD_BOT_TOKEN (${status}).`,
    'Create a new token on the page “Bot” of the developer portal.',
  );
}

function checkApplication({ applicationId }: DiscordSettings, id: string | null): Finding[] {
  if (applicationId === null || id === null || applicationId === id) return [];
  return [
    failed(
      `DISCORD_APPLICATION_ID is ${applicationId}, but the token belongs to the application ${id}.`,
      'Copy both from the same application in the developer portal.',
    ),
  ];
}

async function checkServers(ask: Ask): Promise<Finding> {
  const count = await ask('/users/@me/guilds', list).then(
    ({ length }) => length,
    () => null,
  );
  if (count === null) return passed('Discord did not list the servers of the bot.');
  return count === 0
    ? failed(
        'The bot is in no server yet.',
        'Open the invitation link in docs/chat.md with an account that manages the server.',
      )
    : passed(`The bot is in ${count} ${count === 1 ? 'server' : 'servers'}.`);
}

async function checkCommands(ask: Ask, id: string): Promise<Finding> {
  const known = await ask(`/applications/${id}/commands`, list).catch(() => null);
  if (known === null) return passed('Discord did not list the registered commands.');
  return known.some(({ name }) => name === commandName)
    ? passed(`/${commandName} is registered.`)
    : passed(`/${commandName} is not registered yet: hq-bots does that when it starts.`);
}

async function checkConnection({ endpoint }: DiscordSettings, ask: Ask): Promise<Finding> {
  if (endpoint) {
    return passed(
      `Interactions are expected on ${endpoint.host}:${endpoint.port}, signed with DISCORD_PUBLIC_KEY.`,
      'Enter the public address of this endpoint in the developer portal. The gateway then delivers no interactions.',
    );
  }
  try {
    await ask('/gateway/bot', z.object({ url: z.string() }));
    return passed('The gateway is available. It needs the intent Guilds, which every bot has.');
  } catch (error) {
    if (statusOf(error) === 401) return tokenRefused(401);
    return failed('Discord does not return the address of its gateway.', 'Try again in a minute.');
  }
}
