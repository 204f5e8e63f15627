import {
  anyText,
  type Environment,
  httpAddress,
  invalidSetting,
  type ListenAddress,
  parseListenAddress,
  readVariables,
} from '../environment.ts';

const seeDocs = 'docs/chat.md shows where to find it.';
const tokenIs = 'must be the bot token, from the page “Bot” of the developer portal';

export const variables = {
  DISCORD_BOT_TOKEN: [/^\S+$/u, tokenIs, seeDocs],
  DISCORD_APPLICATION_ID: [/^\d{5,20}$/u, 'must be the application’s id, digits only', seeDocs],
  DISCORD_API_URL: [
    httpAddress,
    'must be an http:// or https:// address',
    'Leave it unset for Discord itself.',
  ],
  DISCORD_PUBLIC_KEY: [
    /^[0-9a-f]{64}$/iu,
    'must be the application’s public key, 64 hexadecimal digits',
    seeDocs,
  ],
  DISCORD_LISTEN: anyText,
} as const;

export interface DiscordSettings {
  readonly token: string;
  /** Null: the adapter asks Discord. */
  readonly applicationId: string | null;
  /** Without `/v10` and without a slash at the end. */
  readonly apiUrl: string;
  /** Takes interactions by signed HTTP requests; null: over the gateway. */
  readonly endpoint: (ListenAddress & { readonly publicKey: string }) | null;
}

/** Null if none of the variables is set. */
export function readSettings(env: Environment): DiscordSettings | null {
  const given = readVariables(env, variables);
  if (Object.keys(given).length === 0) return null;
  const { DISCORD_BOT_TOKEN: token, DISCORD_PUBLIC_KEY: publicKey } = given;
  if (token === undefined) throw invalidSetting('DISCORD_BOT_TOKEN', tokenIs, seeDocs);
  const { DISCORD_API_URL: apiUrl = 'https://discord.com/api', DISCORD_LISTEN = '127.0.0.1:8786' } = given;
  const address = parseListenAddress('DISCORD_LISTEN', DISCORD_LISTEN);
  return {
    token,
    applicationId: given.DISCORD_APPLICATION_ID ?? null,
    apiUrl: apiUrl.replace(/\/+$/u, '').replace(/\/v\d+$/u, ''),
    endpoint: publicKey === undefined ? null : { ...address, publicKey },
  };
}
