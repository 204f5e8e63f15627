import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DiscordServer, startDiscordServer } from '../../../fakes/discord-server/index.ts';
import type { Finding } from '../../contract/adapter.ts';
import { discord as platform } from './index.ts';
import { renderCommands } from './render/commands-menu.ts';

let discord: DiscordServer;

beforeEach(async () => {
  discord = await startDiscordServer();
});

afterEach(() => discord.close());

async function check(variables: Record<string, string> = {}): Promise<readonly Finding[]> {
  const env = { DISCORD_BOT_TOKEN: discord.token, DISCORD_API_URL: discord.apiUrl, ...variables };
  return (await platform.configure(env)?.check()) ?? [];
}

const wrong = (findings: readonly Finding[]): string[] =>
  findings.filter(({ ok }) => !ok).map(({ sentence }) => sentence);

describe('hq-bots check', () => {
  it('reports each problem in one sentence with a hint', async () => {
    discord.remove(discord.home);
    expect(wrong(await check())).toContain('The bot is in no server yet.');

    const other = await check({ DISCORD_APPLICATION_ID: '1234567' });
    expect(wrong(other)[0]).toContain('DISCORD_APPLICATION_ID is 1234567, but the token belongs to');

    expect(wrong(await check({ DISCORD_BOT_TOKEN: 'abc' }))).toEqual([
      'Discord does not accept DISCORD_BOT_TOKEN (401).',
    ]);
    const away = await check({ DISCORD_API_URL: 'http://127.0.0.1:9/api' });
    expect(wrong(away)).toEqual([expect.stringContaining('Discord cannot be reached')]);
    for (const finding of [...other, ...away].filter(({ ok }) => !ok)) expect(finding.hint).toBeTruthy();
  });

  it('reports no problem before the first start, which registers /hq', async () => {
    const findings = await check();
    expect(wrong(findings)).toEqual([]);
    expect(findings.map(({ sentence }) => sentence)).toContain(
      '/hq is not registered yet: hq-bots does that when it starts.',
    );
  });

  it('reports no problem for a complete set-up', async () => {
    await fetch(`${discord.apiUrl}/v10/applications/${discord.applicationId}/commands`, {
      method: 'PUT',
      headers: { authorization: `Bot ${discord.token}`, 'content-type': 'application/json' },
      body: JSON.stringify([renderCommands([]).body]),
    });
    const findings = await check({ DISCORD_APPLICATION_ID: discord.applicationId });
    expect(wrong(findings)).toEqual([]);
    expect(findings.map(({ sentence }) => sentence)).toEqual([
      'The token is accepted: it belongs to the bot HQ.',
      'The bot is in 1 server.',
      '/hq is registered.',
      'The gateway is available. It needs the intent Guilds, which every bot has.',
    ]);
  });

  it('tolerates servers without optional endpoints', async () => {
    for (const path of [/^\/applications\/@me$/u, /guilds$/u, /commands$/u]) {
      discord.script({ method: 'GET', path, status: 404, body: { message: '404: Not Found', code: 0 } });
    }
    expect(wrong(await check({ DISCORD_APPLICATION_ID: discord.applicationId }))).toEqual([]);

    discord.script({
      method: 'GET',
      path: /^\/users\/@me$/u,
      status: 404,
      body: { message: '404: Not Found' },
    });
    expect(wrong(await check())).toEqual([]);
  });

  it('detects a wrong token by the gateway endpoint alone', async () => {
    discord.script({
      method: 'GET',
      path: /^\/users\/@me$/u,
      status: 404,
      body: { message: '404: Not Found' },
    });
    expect(wrong(await check({ DISCORD_BOT_TOKEN: 'abc' }))).toEqual([
      'Discord does not accept DISCORD_BOT_TOKEN (401).',
    ]);
  });
});
