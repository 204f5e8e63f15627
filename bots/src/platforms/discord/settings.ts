import { createHash } from 'node:crypto';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { Configured } from '../../contract/adapter.ts';

export const variables = [
  'DISCORD_BOT_TOKEN',
  'DISCORD_APPLICATION_ID',
  'DISCORD_API_URL',
  'DISCORD_PUBLIC_KEY',
  'DISCORD_LISTEN',
] as const;

const snowflake = /^\d{5,20}$/u;

const environment = z.object({
  DISCORD_BOT_TOKEN: z
    .string('the bot token, from the page “Bot” of the developer portal')
    .regex(/^\S+$/u, 'the bot token, without spaces'),
  DISCORD_APPLICATION_ID: z.string().regex(snowflake, 'the application’s id, digits only').optional(),
  DISCORD_API_URL: z
    .url({ protocol: /^https?$/u, error: 'an address that begins with http:// or https://' })
    .default('https://discord.com/api')
    .transform((url) => url.replace(/\/+$/u, '').replace(/\/v\d+$/u, '')),
  DISCORD_PUBLIC_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/iu, 'the public key of the application, 64 hexadecimal digits')
    .optional(),
  DISCORD_LISTEN: z
    .string()
    .regex(/^\S+:\d{1,5}$/u, 'host:port')
    .default('127.0.0.1:8786')
    .transform((listen) => {
      const colon = listen.lastIndexOf(':');
      return { host: listen.slice(0, colon).replace(/^\[|\]$/gu, ''), port: Number(listen.slice(colon + 1)) };
    })
    .refine(({ port }) => port < 65_536, 'host:port, with a port below 65536'),
});

export interface DiscordSettings {
  readonly token: string;
  /** Null where Discord is to tell it. */
  readonly applicationId: string | null;
  /** Without `/v10`, and without a slash at its end. */
  readonly apiUrl: string;
  /** Where interactions come signed by HTTP instead of over the gateway. */
  readonly endpoint: { readonly publicKey: string; readonly host: string; readonly port: number } | null;
}

export function configure(env: Readonly<Record<string, string | undefined>>): Configured | null {
  const given = Object.fromEntries(
    variables.flatMap((name) => (env[name] ? [[name, env[name].trim()]] : [])),
  );
  if (Object.keys(given).length === 0) return null;
  const settings = parse(given);
  return {
    fingerprints: [createHash('sha256').update(settings.token).digest('hex')],
    secrets: [settings.token],
    create: async ({ log }) => {
      const { DiscordAdapter } = await import('./adapter.ts');
      return new DiscordAdapter(settings, log);
    },
    check: async () => {
      const { checkDiscord } = await import('./check.ts');
      return checkDiscord(settings);
    },
  };
}

function parse(given: Readonly<Record<string, string>>): DiscordSettings {
  const outcome = environment.safeParse(given);
  if (!outcome.success) {
    const issue = outcome.error.issues[0];
    const field = String(issue?.path[0] ?? 'DISCORD_BOT_TOKEN');
    throw new HqError('usage', `${field} must be ${issue?.message ?? 'set'}.`, {
      field,
      hint: 'docs/chat.md says where Discord shows it.',
    });
  }
  const known = outcome.data;
  return {
    token: known.DISCORD_BOT_TOKEN,
    applicationId: known.DISCORD_APPLICATION_ID ?? null,
    apiUrl: known.DISCORD_API_URL,
    endpoint:
      known.DISCORD_PUBLIC_KEY === undefined
        ? null
        : { publicKey: known.DISCORD_PUBLIC_KEY, ...known.DISCORD_LISTEN },
  };
}
