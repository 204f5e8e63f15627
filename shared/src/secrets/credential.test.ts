import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCredential, sealCredential } from './credential.ts';
import { EnvelopeError, seal, unseal } from './envelope.ts';
import { hostedKey, serviceRoleKey } from './key.ts';

const key = hostedKey('ab'.repeat(32));

function faultOf(sealed: string, under = key): string {
  try {
    openCredential(sealed, under);
  } catch (error) {
    if (error instanceof EnvelopeError) return error.fault;
    throw error;
  }
  return 'none';
}

describe('a credential of the control plane', () => {
  it('is restored, whatever its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(openCredential(sealCredential(text, key), key)).toBe(text);
      }),
    );
  });

  it('is never taken for a secret, nor a secret for a credential', () => {
    expect(faultOf(seal('value', key))).toBe('not_an_envelope');
    expect(() => unseal(sealCredential('value', key), { current: key, previous: [] })).toThrow(
      'The stored value is not encrypted.',
    );
  });

  it('is an error with a fault if it is truncated, changed or of another key', () => {
    const sealed = sealCredential('value', key);
    expect(faultOf(sealed.slice(0, -1))).not.toBe('none');
    expect(faultOf(sealed.slice(0, 30))).toBe('malformed');
    expect(faultOf(sealed, hostedKey('cd'.repeat(32)))).toBe('wrong_key');
    expect(faultOf('in clear')).toBe('not_an_envelope');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(faultOf(`cred:v1:${text}`)).toMatch(/malformed|wrong_key/);
      }),
    );
  });

  it('needs the hosted key', () => {
    expect(() => sealCredential('value', serviceRoleKey('service'))).toThrow('need HOSTED_SECRETS_KEY');
  });
});
