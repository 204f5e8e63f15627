import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import vectors from './fixtures/secrets-v1.json' with { type: 'json' };
import { hostedKey, readSecretsKeys, serviceRoleKey } from './key.ts';

const zeros = Buffer.alloc(32, 0xfb);

describe('the key for secrets', () => {
  it.each(vectors.keys)('is derived from the service-role key as in every HQ', (vector) => {
    expect(serviceRoleKey(vector.service_role_key).material.export().toString('hex')).toBe(
      vector.derived_hex,
    );
  });

  it.each(vectors.hosted)('is the hosted key in any encoding: $HOSTED_SECRETS_KEY', (vector) => {
    const key = hostedKey(vector.HOSTED_SECRETS_KEY);
    expect(key.material.export().toString('hex')).toBe(vector.key_hex);
  });

  it.each(['base64', 'base64url', 'hex'] as const)('may be written as %s', (encoding) => {
    expect(hostedKey(zeros.toString(encoding)).fingerprint).toBe(hostedKey('fb'.repeat(32)).fingerprint);
  });

  it.each([
    ['31 bytes', 'ab'.repeat(31)],
    ['33 bytes', Buffer.alloc(33).toString('base64')],
    ['no encoding', 'x'.repeat(42)],
    ['two alphabets', `${'-'.repeat(20)}${'+'.repeat(23)}`],
  ])('of %s is refused without repeating it', (_case, text) => {
    expect(() => hostedKey(text, 'HOSTED_SECRETS_KEY_PREVIOUS')).toThrow(
      /^HOSTED_SECRETS_KEY_PREVIOUS is not/,
    );
    expect(() => hostedKey(text)).not.toThrow(text);
  });

  it('has a fingerprint that is not part of it', () => {
    const key = serviceRoleKey('service-role-test-key');
    expect(key.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(key.material.export().toString('hex')).not.toContain(key.fingerprint);
    expect(serviceRoleKey('another').fingerprint).not.toBe(key.fingerprint);
  });

  it('shows its bytes nowhere', () => {
    const keys = readSecretsKeys({ HOSTED_SECRETS_KEY: '61'.repeat(32) });
    const shown = `${inspect(keys, { depth: 9, showHidden: true })} ${JSON.stringify(keys)} ${String(keys.current.material)}`;
    expect(shown).not.toMatch(/6161|aaaa|YWFh|97, 97/);
  });
});

describe('the keys of an environment', () => {
  const hosted = 'ab'.repeat(32);
  const hostedBefore = 'cd'.repeat(32);
  const fingerprints = (env: Record<string, string>) => {
    const { current, previous } = readSecretsKeys(env);
    return [current, ...previous].map((key) => key.fingerprint);
  };

  it('are the hosted one if it is set, else the one of the service-role key', () => {
    expect(fingerprints({ SUPABASE_SERVICE_ROLE_KEY: 'service' })).toEqual([
      serviceRoleKey('service').fingerprint,
    ]);
    expect(fingerprints({ SUPABASE_SERVICE_ROLE_KEY: 'service', HOSTED_SECRETS_KEY: hosted })).toEqual([
      hostedKey(hosted).fingerprint,
    ]);
    expect(fingerprints({ SUPABASE_SERVICE_ROLE_KEY: 'service\n', HOSTED_SECRETS_KEY: ' ' })).toEqual([
      serviceRoleKey('service').fingerprint,
    ]);
  });

  it.each([
    [
      'service key to service key',
      { SUPABASE_SERVICE_ROLE_KEY: 'new', SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: 'old' },
      [serviceRoleKey('new'), serviceRoleKey('old')],
    ],
    [
      'service key to hosted key',
      {
        SUPABASE_SERVICE_ROLE_KEY: 'same',
        SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: 'same',
        HOSTED_SECRETS_KEY: hosted,
      },
      [hostedKey(hosted), serviceRoleKey('same')],
    ],
    [
      'hosted key to service key',
      { SUPABASE_SERVICE_ROLE_KEY: 'same', HOSTED_SECRETS_KEY_PREVIOUS: hostedBefore },
      [serviceRoleKey('same'), hostedKey(hostedBefore)],
    ],
    [
      'both at once',
      {
        SUPABASE_SERVICE_ROLE_KEY: 'new',
        SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: 'old',
        HOSTED_SECRETS_KEY: hosted,
        HOSTED_SECRETS_KEY_PREVIOUS: hostedBefore,
      },
      [hostedKey(hosted), hostedKey(hostedBefore), serviceRoleKey('old')],
    ],
    [
      'nothing, because the previous one is the same',
      { SUPABASE_SERVICE_ROLE_KEY: 'same', SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: 'same' },
      [serviceRoleKey('same')],
    ],
  ])('follow a change of %s', (_case, env, keys) => {
    expect(fingerprints(env)).toEqual(keys.map((key) => key.fingerprint));
  });

  it('are read again with every environment', () => {
    expect(fingerprints({ SUPABASE_SERVICE_ROLE_KEY: 'one' })).not.toEqual(
      fingerprints({ SUPABASE_SERVICE_ROLE_KEY: 'two' }),
    );
  });

  it('are an error that names the variables if none is set', () => {
    expect(() => readSecretsKeys({ HOSTED_SECRETS_KEY: '' })).toThrow('There is no key');
  });
});
