import { describe, expect, it } from 'vitest';
import { slugOfWorkspace } from '../openclaw-call.ts';
import { type OpenClawState, type PushedKeys, providerSteps } from './provider-steps.ts';

const openclaw: OpenClawState = {
  agents: [
    { id: 'acme-maya', workspace: '/state/workspace-acme/maya' },
    { id: 'bob', workspace: '/state/workspace-bob' },
  ],
  profiles: new Set(),
  configured: new Set(),
};
const keys = [
  { agent: null, provider: 'openai', value: 'of all' },
  { agent: 'maya', provider: 'openai', value: 'of maya' },
  { agent: 'nobody', provider: 'groq', value: 'of nobody here' },
];
const wanted = (providerKeys = keys, unread: readonly string[] = []) => ({
  providerKeys,
  unreadProviders: new Set(unread),
});
const pushed = (result: ReturnType<typeof providerSteps>, profile = 'openai:manual'): PushedKeys => {
  const known: PushedKeys = {};
  for (const { agent, provider, hash } of result.steps) {
    if (hash !== null) known[agent] = { ...known[agent], [provider]: { hash, profile } };
  }
  return known;
};
const calls = (result: ReturnType<typeof providerSteps>) =>
  result.steps.map(({ call }) => [call.method, call.params]);

describe('provider keys', () => {
  it('go to every agent, and an agent’s own key overrides the gateway’s', () => {
    expect(calls(providerSteps(openclaw, wanted(), {}, 'key'))).toEqual([
      ['models.authSetApiKey', { provider: 'openai', apiKey: 'of maya', agentId: 'acme-maya' }],
      ['models.authSetApiKey', { provider: 'openai', apiKey: 'of all', agentId: 'bob' }],
    ]);
  });

  it('are not pushed again, unless OpenClaw lost them or they changed', () => {
    const known = pushed(providerSteps(openclaw, wanted(), {}, 'key'));
    const knowing = { ...openclaw, profiles: new Set(['openai:manual']) };
    expect(providerSteps(knowing, wanted(), known, 'key').steps).toEqual([]);
    expect(providerSteps(openclaw, wanted(), known, 'key').steps).toHaveLength(2);
    const changed = wanted([{ agent: null, provider: 'openai', value: 'another' }, ...keys.slice(1)]);
    expect(providerSteps(knowing, changed, known, 'key').steps.map(({ agent }) => agent)).toEqual(['bob']);
  });

  it('are recorded as hashes that need the key to compute', () => {
    const [one] = providerSteps(openclaw, wanted(), {}, 'key').steps;
    const [other] = providerSteps(openclaw, wanted(), {}, 'another key').steps;
    expect(one?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(one?.hash).not.toBe(other?.hash);
  });

  it('that are removed are dropped, and keys of others in the same profile are pushed again', () => {
    const known = pushed(providerSteps(openclaw, wanted(), {}, 'key'));
    const knowing = { ...openclaw, profiles: new Set(['openai:manual']) };
    const ofMaya = wanted(keys.slice(1));
    expect(calls(providerSteps(knowing, ofMaya, known, 'key'))).toEqual([
      ['models.authLogout', { provider: 'openai', profileIds: ['openai:manual'], agentId: 'bob' }],
      ['models.authSetApiKey', { provider: 'openai', apiKey: 'of maya', agentId: 'acme-maya' }],
    ]);
  });

  it('that cannot be decrypted remove nothing', () => {
    const known = pushed(providerSteps(openclaw, wanted(), {}, 'key'));
    expect(providerSteps(openclaw, wanted([], ['openai']), known, 'key').steps).toEqual([]);
  });

  it('of an agent that OpenClaw no longer has are not touched', () => {
    const known = { gone: { openai: { hash: 'x', profile: 'openai:manual' } } };
    expect(providerSteps(openclaw, wanted([]), known, 'key').steps).toEqual([]);
  });

  it('of a provider with settings of its own are shared by all agents, and an agent’s own is reported as impossible', () => {
    const configured = { ...openclaw, configured: new Set(['openai']) };
    const { steps, impossible } = providerSteps(configured, wanted(), {}, 'key');
    expect(steps.map(({ agent, call }) => [agent, call.params])).toEqual([
      ['*', { provider: 'openai', apiKey: 'of all', agentId: 'acme-maya' }],
    ]);
    expect(impossible).toEqual(['openai of maya: it keeps one key for all agents there']);
  });
});

describe('the agent of a workspace', () => {
  it.each([
    ['/home/node/.openclaw/workspace-maya', 'maya'],
    ['/home/node/.openclaw/workspace-acme/maya', 'maya'],
    ['/home/node/.openclaw/workspace-dev-ops/', 'dev-ops'],
    ['/home/node/.openclaw/workspace', null],
    ['/home/node/workspace-a/b/c', null],
    [undefined, null],
  ])('of %s is %s', (workspace, slug) => {
    expect(slugOfWorkspace(workspace)).toBe(slug);
  });
});
