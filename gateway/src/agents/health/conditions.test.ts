import { describe, expect, it } from 'vitest';
import { channelFault } from './channel-condition.ts';
import { providerCondition, providerOf } from './provider-condition.ts';
import { sessionConditions } from './session-conditions.ts';

const now = 1_800_000_000_000;

describe('a channel is mute', () => {
  const fault = (account: object) => channelFault('telegram', { accountId: 'maya', ...account }, now);

  it('when the platform refuses it, with the sentence of OpenClaw and without its advice', () => {
    const lastError = 'The bot token is refused (getMe returned 401). Update channels.telegram.';
    expect(fault({ healthState: 'terminal-disconnect', lastError })).toEqual({
      condition: {
        kind: 'mute',
        reason: 'telegram: The bot token is refused (getMe returned 401).',
        subject: 'telegram',
      },
      isLasting: true,
    });
  });

  it('when it is polled and nothing was heard for minutes', () => {
    const polled = (ageMs: number) => fault({ mode: 'polling', lastTransportActivityAt: now - ageMs });
    expect(polled(60_000)).toBeNull();
    expect(polled(240_000)).toMatchObject({
      condition: { reason: 'telegram: the platform cannot be reached' },
      isLasting: false,
    });
  });

  it('and not when it works, is switched off, or in a state that nobody knows', () => {
    expect(fault({ configured: true })).toBeNull();
    expect(fault({ enabled: false, healthState: 'not-running' })).toBeNull();
    expect(fault({ healthState: 'splendid' })).toBeNull();
    expect(fault({ configured: false })?.condition.reason).toBe('telegram: its token is missing');
  });
});

describe('a session', () => {
  const session = {
    key: 'agent:maya:main',
    agentId: 'maya',
    totalTokens: 199_000,
    totalTokensFresh: true,
    contextTokens: 200_000,
    lastActivityAt: now,
  };
  const kinds = (more: object, busySince: number | null = null) =>
    sessionConditions({ ...session, ...more }, { now, busySince, turnMs: 300_000 }).map(({ kind }) => kind);

  it('is full near the end of its context', () => {
    expect(kinds({})).toEqual(['full']);
    expect(kinds({ totalTokens: 150_000 })).toEqual([]);
  });

  it('is not full when its tokens are not known, or nobody goes on with it', () => {
    expect(kinds({ totalTokensFresh: false })).toEqual([]);
    expect(kinds({ contextTokens: null })).toEqual([]);
    expect(kinds({ key: 'agent:maya:hq-item-1' })).toEqual([]);
    expect(kinds({ archived: true })).toEqual([]);
    expect(kinds({ lastActivityAt: now - 30 * 86_400_000 })).toEqual([]);
  });

  it('is stuck past the deadline of its item, or after an hour', () => {
    const ofItem = { key: 'agent:maya:hq-item-1' };
    expect(kinds(ofItem, now - 400_000)).toEqual([]);
    expect(kinds(ofItem, now - 500_000)).toEqual(['stuck']);
    expect(kinds({ totalTokens: 1 }, now - 500_000)).toEqual([]);
    expect(kinds({ totalTokens: 1 }, now - 3_700_000)).toEqual(['stuck']);
  });
});

describe('an agent is signed out', () => {
  const capabilities = { providerCapabilities: [{ provider: 'openai', apiKeySupported: true }] };
  const condition = (providers: readonly { provider: string; status: string }[], provider = 'openai') =>
    providerCondition(provider, { providers: [...providers], ...capabilities })?.reason;

  it('when its sign-in has expired, or there is no key', () => {
    expect(condition([{ provider: 'openai', status: 'expired' }])).toBe('the sign-in at openai has expired');
    expect(condition([{ provider: 'openai', status: 'missing' }])).toBe('there is no key for openai');
    expect(condition([])).toBe('there is no key for openai');
  });

  it('and not with a key, or at a provider that needs none', () => {
    for (const status of ['ok', 'static', 'expiring']) {
      expect(condition([{ provider: 'openai', status }])).toBeUndefined();
    }
    expect(condition([], 'ollama')).toBeUndefined();
  });

  it('by the provider of its own model, or else of the gateway', () => {
    const agents = {
      defaults: { model: { primary: 'a/one' } },
      entries: { maya: { model: 'b/two' }, bob: {} },
    };
    expect(providerOf({ agents }, 'maya')).toBe('b');
    expect(providerOf({ agents }, 'bob')).toBe('a');
    expect(providerOf({}, 'maya')).toBeNull();
  });
});
