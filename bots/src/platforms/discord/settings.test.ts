import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { discord } from './index.ts';

describe('the configuration', () => {
  it('is null if nothing is set', () => {
    expect(discord.configure({ SLACK_BOT_TOKEN: 'x', DISCORD_BOT_TOKEN: '' })).toBeNull();
  });

  it('identifies the token by its fingerprint', () => {
    expect(discord.configure({ DISCORD_BOT_TOKEN: ' abc ' })).toMatchObject({
      fingerprints: [createHash('sha256').update('abc').digest('hex')],
      secrets: ['abc'],
    });
  });

  it.each([
    [{ DISCORD_APPLICATION_ID: '1234567' }, 'DISCORD_BOT_TOKEN'],
    [{ DISCORD_BOT_TOKEN: 'x', DISCORD_APPLICATION_ID: 'hq' }, 'DISCORD_APPLICATION_ID'],
    [{ DISCORD_BOT_TOKEN: 'x', DISCORD_API_URL: 'discord.com' }, 'DISCORD_API_URL'],
    [{ DISCORD_BOT_TOKEN: 'x', DISCORD_PUBLIC_KEY: 'abc' }, 'DISCORD_PUBLIC_KEY'],
    [{ DISCORD_BOT_TOKEN: 'x', DISCORD_LISTEN: 'everywhere' }, 'DISCORD_LISTEN'],
    [{ DISCORD_BOT_TOKEN: 'x', DISCORD_LISTEN: '127.0.0.1:99999' }, 'DISCORD_LISTEN'],
  ])('refuses %o with the name of the variable and without its value', (env, field) => {
    expect(() => discord.configure(env)).toThrow(
      expect.objectContaining({
        name: 'HqError',
        code: 'usage',
        field,
        message: expect.stringContaining(field),
      }),
    );
  });
});
