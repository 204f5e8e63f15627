import { z } from 'zod';
import type { Finding } from '../../contract/adapter.ts';
import { commandName } from './render/commands-menu.ts';
import type { DiscordSettings } from './settings.ts';

const answerWithinMs = 10_000;

const user = z.object({ id: z.string(), username: z.string().default('') });
const application = z.object({ id: z.string() });
const list = z.array(z.object({ name: z.string().optional() }));

type Asked<T> =
  | { readonly kind: 'told'; readonly value: T }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'away'; readonly reason: string };

/** Asks Discord what a set-up can get wrong. Nothing is changed there. */
export async function checkDiscord(settings: DiscordSettings): Promise<readonly Finding[]> {
  const me = await ask(settings, '/users/@me', user);
  // A server of one's own may not have this, which the bot itself never asks for.
  if (me.kind === 'refused' && me.status === 404) return [await transport(settings)];
  if (me.kind === 'away') {
    return [
      {
        ok: false,
        sentence: `Discord cannot be reached: ${me.reason}.`,
        hint: 'Look at the network, and at DISCORD_API_URL if it is set.',
      },
    ];
  }
  if (me.kind === 'refused') {
    return [notAccepted(me.status)];
  }
  const own = await ask(settings, '/applications/@me', application);
  const id = own.kind === 'told' ? own.value.id : settings.applicationId;
  return [
    {
      ok: true,
      sentence: `The token is accepted: it belongs to the bot ${me.value.username || me.value.id}.`,
    },
    ...identity(settings, id),
    await servers(settings),
    ...(id === null ? [] : [await commands(settings, id)]),
    await transport(settings),
  ];
}

function notAccepted(status: number): Finding {
  return {
    ok: false,
    sentence: `Discord does not accept DISCORD_BOT_TOKEN (${status}).`,
    hint: 'Take a new token from the page “Bot” of the developer portal.',
  };
}

function identity({ applicationId }: DiscordSettings, id: string | null): Finding[] {
  if (applicationId === null || id === null || applicationId === id) return [];
  return [
    {
      ok: false,
      sentence: `DISCORD_APPLICATION_ID is ${applicationId}, but the token belongs to the application ${id}.`,
      hint: 'Take both from the same application in the developer portal.',
    },
  ];
}

async function servers(settings: DiscordSettings): Promise<Finding> {
  const guilds = await ask(settings, '/users/@me/guilds', list);
  if (guilds.kind !== 'told') {
    return { ok: true, sentence: 'Discord did not tell in which servers the bot is.' };
  }
  const count = guilds.value.length;
  return count === 0
    ? {
        ok: false,
        sentence: 'The bot is in no server yet.',
        hint: 'Open the invitation in docs/chat.md as somebody who manages the server.',
      }
    : { ok: true, sentence: `The bot is in ${count} ${count === 1 ? 'server' : 'servers'}.` };
}

async function commands(settings: DiscordSettings, id: string): Promise<Finding> {
  const known = await ask(settings, `/applications/${id}/commands`, list);
  if (known.kind !== 'told') {
    return { ok: true, sentence: 'Discord did not tell which commands are registered.' };
  }
  return known.value.some(({ name }) => name === commandName)
    ? { ok: true, sentence: `/${commandName} is registered.` }
    : { ok: true, sentence: `/${commandName} is not registered yet: hq-bots does that when it starts.` };
}

async function transport(settings: DiscordSettings): Promise<Finding> {
  const { endpoint } = settings;
  if (endpoint) {
    return {
      ok: true,
      sentence: `Interactions are awaited on ${endpoint.host}:${endpoint.port}, signed with DISCORD_PUBLIC_KEY.`,
      hint: 'The developer portal must know the address that leads there; over the gateway they no longer come then.',
    };
  }
  const gateway = await ask(settings, '/gateway/bot', z.object({ url: z.string() }));
  if (gateway.kind === 'refused' && gateway.status === 401) return notAccepted(gateway.status);
  return gateway.kind === 'told'
    ? { ok: true, sentence: 'The gateway can be asked for; it needs the intent Guilds, which every bot has.' }
    : {
        ok: false,
        sentence: 'Discord does not tell the address of its gateway.',
        hint: 'Try again in a minute.',
      };
}

async function ask<T>(settings: DiscordSettings, path: string, shape: z.ZodType<T>): Promise<Asked<T>> {
  try {
    const response = await fetch(`${settings.apiUrl}/v10${path}`, {
      headers: { authorization: `Bot ${settings.token}` },
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return response.status >= 500
        ? { kind: 'away', reason: `it answers ${response.status}` }
        : { kind: 'refused', status: response.status };
    }
    const value = shape.safeParse(await response.json());
    return value.success
      ? { kind: 'told', value: value.data }
      : { kind: 'away', reason: 'its answer is not one that Discord gives' };
  } catch (error) {
    // The message of a network error may hold the address; its name says enough.
    return { kind: 'away', reason: error instanceof Error ? error.name : 'no answer' };
  }
}
