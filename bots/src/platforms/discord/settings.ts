import {
  type Environment,
  invalidSetting,
  type ListenAddress,
  parseListenAddress,
  readVariables,
} from '../environment.ts';

export const variables = [
  'DISCORD_BOT_TOKEN',
  'DISCORD_APPLICATION_ID',
  'DISCORD_API_URL',
  'DISCORD_PUBLIC_KEY',
  'DISCORD_LISTEN',
] as const;

export interface DiscordSettings {
  readonly token: string;
  /** Null: the adapter asks Discord. */
  readonly applicationId: string | null;
  /** Without `/v10` and without a slash at the end. */
  readonly apiUrl: string;
  /** Takes interactions by signed HTTP requests; null: over the gateway. */
  readonly endpoint: (ListenAddress & { readonly publicKey: string }) | null;
}

const seeDocs = 'docs/chat.md shows where to find it.';

/** Null if none of the variables is set. */
export function readSettings(env: Environment): DiscordSettings | null {
  const given = readVariables(env, variables);
  if (Object.keys(given).length === 0) return null;
  const {
    DISCORD_BOT_TOKEN: token,
    DISCORD_APPLICATION_ID: applicationId,
    DISCORD_PUBLIC_KEY: publicKey,
  } = given;
  const apiUrl = given.DISCORD_API_URL ?? 'https://discord.com/api';
  if (token === undefined || /\s/u.test(token)) {
    throw invalidSetting(
      'DISCORD_BOT_TOKEN',
      'must be the bot token, from the page “Bot” of the developer portal',
      seeDocs,
    );
  }
  if (applicationId !== undefined && !/^\d{5,20}$/u.test(applicationId)) {
    throw invalidSetting('DISCORD_APPLICATION_ID', 'must be the application’s id, digits only', seeDocs);
  }
  if (!/^https?:$/u.test(URL.parse(apiUrl)?.protocol ?? '')) {
    throw invalidSetting(
      'DISCORD_API_URL',
      'must be an http:// or https:// address',
      'Leave it unset for Discord itself.',
    );
  }
  if (publicKey !== undefined && !/^[0-9a-f]{64}$/iu.test(publicKey)) {
    throw invalidSetting(
      'DISCORD_PUBLIC_KEY',
      'must be the application’s public key, 64 hexadecimal digits',
      seeDocs,
    );
  }
  const address = parseListenAddress('DISCORD_LISTEN', given.DISCORD_LISTEN ?? '127.0.0.1:8786');
  return {
    token,
    applicationId: applicationId ?? null,
    apiUrl: apiUrl.replace(/\/+$/u, '').replace(/\/v\d+$/u, ''),
    endpoint: publicKey === undefined ? null : { ...address, publicKey },
  };
}
