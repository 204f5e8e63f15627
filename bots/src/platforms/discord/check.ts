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

type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'away'; readonly reason: string };

/** Checks the set-up by read requests alone. */
export async function checkDiscord(settings: DiscordSettings): Promise<readonly Finding[]> {
  const me = await get(settings, '/users/@me', user);
  // A server other than Discord's may lack this; the bot itself never asks for it.
  if (me.kind === 'refused' && me.status === 404) return [await checkConnection(settings)];
  if (me.kind === 'refused') return [tokenRefused(me.status)];
  if (me.kind === 'away') {
    return [
      failed(
        `Discord cannot be reached: ${me.reason}.`,
        'Check the network, and DISCORD_API_URL if it is set.',
      ),
    ];
  }
  const own = await get(settings, '/applications/@me', application);
  const id = own.kind === 'ok' ? own.value.id : settings.applicationId;
  return [
    passed(`The token is accepted: it belongs to the bot ${me.value.username || me.value.id}.`),
    ...checkApplication(settings, id),
    await checkServers(settings),
    ...(id === null ? [] : [await checkCommands(settings, id)]),
    await checkConnection(settings),
  ];
}

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

async function checkServers(settings: DiscordSettings): Promise<Finding> {
  const guilds = await get(settings, '/users/@me/guilds', list);
  if (guilds.kind !== 'ok') return passed('Discord did not list the servers of the bot.');
  const count = guilds.value.length;
  return count === 0
    ? failed(
        'The bot is in no server yet.',
        'Open the invitation link in docs/chat.md with an account that manages the server.',
      )
    : passed(`The bot is in ${count} ${count === 1 ? 'server' : 'servers'}.`);
}

async function checkCommands(settings: DiscordSettings, id: string): Promise<Finding> {
  const known = await get(settings, `/applications/${id}/commands`, list);
  if (known.kind !== 'ok') return passed('Discord did not list the registered commands.');
  return known.value.some(({ name }) => name === commandName)
    ? passed(`/${commandName} is registered.`)
    : passed(`/${commandName} is not registered yet: hq-bots does that when it starts.`);
}

async function checkConnection(settings: DiscordSettings): Promise<Finding> {
  const { endpoint } = settings;
  if (endpoint) {
    return passed(
      `Interactions are expected on ${endpoint.host}:${endpoint.port}, signed with DISCORD_PUBLIC_KEY.`,
      'Enter the public address of this endpoint in the developer portal. The gateway then delivers no interactions.',
    );
  }
  const gateway = await get(settings, '/gateway/bot', z.object({ url: z.string() }));
  if (gateway.kind === 'refused' && gateway.status === 401) return tokenRefused(gateway.status);
  return gateway.kind === 'ok'
    ? passed('The gateway is available. It needs the intent Guilds, which every bot has.')
    : failed('Discord does not return the address of its gateway.', 'Try again in a minute.');
}

async function get<T>(
  settings: DiscordSettings,
  path: `/${string}`,
  schema: z.ZodType<T>,
): Promise<Answer<T>> {
  const rest = new REST(restOptions(settings.apiUrl)).setToken(settings.token);
  try {
    const value = schema.safeParse(await rest.get(path));
    return value.success
      ? { kind: 'ok', value: value.data }
      : { kind: 'away', reason: 'the answer does not have Discord’s format' };
  } catch (error) {
    return error instanceof DiscordAPIError
      ? { kind: 'refused', status: error.status }
      : { kind: 'away', reason: describeError(error) };
  }
}
