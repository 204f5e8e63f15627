import { describe, expect, it } from 'vitest';
import { specOf } from '../testing/specs.ts';
import { type DesiredAgent, desiredConfig, missingTokens, unexpectedIn } from './desired-config.ts';
import { isObject, type JsonObject } from './json.ts';
import { mergePatch, secretsIn, type Wanted } from './merge-patch.ts';

const settings = {
  sandbox: { mode: 'off' },
  tools: { deny: ['exec'] },
  browserProfile: null,
};
const agent = (slug: string, more: Parameters<typeof specOf>[1] = {}): DesiredAgent => ({
  id: `acme-${slug}`,
  spec: specOf(slug, more),
  workspace: `/state/workspace-acme/${slug}`,
});
const telegram = (botToken: string) => ({ name: 'telegram' as const, tokens: { botToken } });
const never = () => false;

/** Applies a merge patch, as OpenClaw does. */
function patched(current: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, JsonObject[string]> = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    const inner = result[key];
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = patched(isObject(inner) ? inner : {}, value);
    else result[key] = value;
  }
  return result;
}
const applied = (current: JsonObject, ...wanted: Wanted[]): JsonObject =>
  wanted.reduce((config, one) => patched(config, mergePatch(config, one, never)?.patch ?? {}), current);

const others: JsonObject = {
  agents: { entries: { own: { name: 'Own' } } },
  channels: { telegram: { accounts: { own: { botToken: 'x' } } } },
  bindings: [{ agentId: 'own', match: { channel: 'telegram', accountId: 'own' } }],
};

it('names the secrets that an account lacks, by their keys', () => {
  expect(missingTokens({ name: 'telegram', tokens: {} })).toEqual(['TELEGRAM_BOT_TOKEN']);
  expect(missingTokens({ name: 'slack', tokens: { botToken: 'x' } })).toEqual(['SLACK_APP_TOKEN']);
});

describe('the desired configuration', () => {
  it('differs in nothing once it is applied', () => {
    const agents = [agent('maya', { channel: telegram('t1'), model: 'a/b', thinking: 'high' }), agent('bob')];
    const first = desiredConfig(others, agents, [], settings);
    const config = applied(others, first.agents, first.channels);
    const second = desiredConfig(config, agents, [], settings);
    expect(mergePatch(config, second.agents, never)).toBeNull();
    expect(mergePatch(config, second.channels, never)).toBeNull();
    expect(config).toMatchObject({
      agents: { entries: { own: { name: 'Own' }, 'acme-maya': { model: 'a/b', thinkingDefault: 'high' } } },
      channels: { telegram: { accounts: { own: { botToken: 'x' }, 'acme-maya': { botToken: 't1' } } } },
    });
    expect(config.bindings).toHaveLength(2);
  });

  it('removes what an agent no longer has, and all of a removed agent', () => {
    const before = [
      agent('maya', { channel: telegram('t1'), model: 'a/b' }),
      agent('bob', { channel: telegram('t2') }),
    ];
    const first = desiredConfig(others, before, [], settings);
    const config = applied(others, first.agents, first.channels);
    const after = desiredConfig(config, [agent('maya')], ['acme-bob'], settings);
    const change = mergePatch(config, after.agents, never);
    expect(change?.patch).toEqual({
      agents: { entries: { 'acme-maya': { model: null }, 'acme-bob': null } },
      bindings: others.bindings,
    });
    expect(change?.replacePaths).toEqual(['agents.entries.acme-bob.tools.deny', 'bindings']);
    expect(mergePatch(config, after.channels, never)?.patch).toEqual({
      channels: { telegram: { accounts: { 'acme-maya': null, 'acme-bob': null } } },
    });
  });

  it('puts back what confines an agent, and leaves settings that HQ does not have', () => {
    const first = desiredConfig({}, [agent('maya')], [], settings);
    const config = patched(applied({}, first.agents), {
      agents: {
        entries: { 'acme-maya': { skills: ['x'], tools: { deny: [], elevated: { enabled: true } } } },
      },
    });
    const change = mergePatch(config, desiredConfig(config, [agent('maya')], [], settings).agents, never);
    expect(change?.patch).toEqual({
      agents: { entries: { 'acme-maya': { tools: { deny: ['exec'], elevated: null } } } },
    });
  });

  it('keeps a narrower binding that a person made', () => {
    const agents = [agent('maya', { channel: telegram('t1') })];
    const peer = { agentId: 'acme-maya', match: { channel: 'telegram', peer: { kind: 'group', id: '1' } } };
    const config = { bindings: [peer] };
    const { bindings } = desiredConfig(config, agents, [], settings).agents.value;
    expect(bindings).toEqual([
      peer,
      { type: 'route', agentId: 'acme-maya', match: { channel: 'telegram', accountId: 'acme-maya' } },
    ]);
  });

  it('switches the account of a paused agent off, and leaves one without tokens out', () => {
    const agents = [
      agent('maya', { channel: telegram('t1'), status: 'paused' }),
      agent('bob', { channel: { name: 'slack', tokens: { botToken: 'xoxb' } } }),
    ];
    expect(desiredConfig({}, agents, [], settings).channels.value).toMatchObject({
      channels: { telegram: { accounts: { 'acme-maya': { enabled: false } } } },
    });
    expect(desiredConfig({}, agents, [], settings).channels.value).not.toHaveProperty('channels.slack');
  });

  it('has the tokens of each platform under OpenClaw’s names', () => {
    const tokens = { botToken: 'b', appToken: 'a' };
    const agents = [
      agent('dora', { channel: { name: 'discord', tokens: { botToken: 'b' }, serverId: '7' } }),
      agent('sam', { channel: { name: 'slack', tokens } }),
    ];
    expect(desiredConfig({}, agents, [], settings).channels.value).toMatchObject({
      channels: {
        discord: { accounts: { 'acme-dora': { token: 'b', guilds: { 7: { requireMention: true } } } } },
        slack: { accounts: { 'acme-sam': { ...tokens, mode: 'socket' } } },
      },
    });
  });

  it('asks for no patch where an empty section is missing', () => {
    const { channels } = desiredConfig({}, [agent('maya')], [], settings);
    expect(mergePatch({}, channels, never)).toBeNull();
    expect(mergePatch({}, { value: { bindings: [], channels: {} } }, never)).toBeNull();
  });

  it('names agents of others, but not OpenClaw’s own one', () => {
    const own = new Set(['acme-maya']);
    const entries = { main: { workspace: '/w' }, own: {}, 'acme-maya': {} };
    expect(unexpectedIn({ agents: { entries } }, own)).toEqual(['own']);
    expect(unexpectedIn({ agents: { entries: { main: { name: 'Mine' } } } }, own)).toEqual(['main']);
  });
});

describe('a secret that OpenClaw does not show', () => {
  const current = { channels: { telegram: { accounts: { maya: { botToken: '__OPENCLAW_REDACTED__' } } } } };
  const value = { channels: { telegram: { accounts: { maya: { botToken: 't1' } } } } };

  it('is written again only if it is another', () => {
    expect(mergePatch(current, { value }, () => true)).toBeNull();
    expect(mergePatch(current, { value }, never)?.patch).toEqual(value);
  });

  it('is found by its path', () => {
    expect([...secretsIn(current, value)]).toEqual([['channels.telegram.accounts.maya.botToken', 't1']]);
  });
});
