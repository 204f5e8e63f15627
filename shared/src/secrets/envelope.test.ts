import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HqError } from '../errors.ts';
import { EnvelopeError, seal, unseal } from './envelope.ts';
import vectors from './fixtures/secrets-v1.json' with { type: 'json' };
import { hostedKey, type SecretsKeys, serviceRoleKey } from './key.ts';

const keys: SecretsKeys = { current: serviceRoleKey('service-role-test-key'), previous: [] };

function faultOf(envelope: string, under = keys): string {
  try {
    unseal(envelope, under);
  } catch (error) {
    if (error instanceof EnvelopeError) return error.fault;
    throw error;
  }
  return 'none';
}

/** Seals raw bytes, as another program might. */
function sealBytes(bytes: Uint8Array): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keys.current.material, iv);
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return `enc:v1:${[iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url')).join('.')}`;
}

const fixed = vectors.fixed.encrypted;
const [iv = '', tag = '', ciphertext = ''] = fixed.slice('enc:v1:'.length).split('.');

describe('an envelope', () => {
  it.each([...vectors.values, vectors.fixed])(
    'of another implementation is decrypted: $encrypted',
    (value) => {
      const current = serviceRoleKey(value.service_role_key);
      expect(unseal(value.encrypted, { current, previous: [] })).toEqual({
        plaintext: value.plaintext,
        fingerprint: current.fingerprint,
      });
    },
  );

  it.each(vectors.invalid)('of an invalid form is an error: %s', (envelope) => {
    expect(() => unseal(envelope, keys)).toThrow(EnvelopeError);
  });

  it('is decrypted in the older form with an empty first part', () => {
    expect(unseal(`enc:v1:.${iv}.${tag}.${ciphertext}`, keys).plaintext).toBe('hello');
  });

  it.each([
    ['a value in clear', 'plain text', 'not_an_envelope'],
    ['an empty value', '', 'not_an_envelope'],
    ['another version', fixed.replace('v1', 'v2'), 'not_an_envelope'],
    ['a blank in front', ` ${fixed}`, 'not_an_envelope'],
    ['nothing behind the prefix', 'enc:v1:', 'malformed'],
    ['two parts', `enc:v1:${iv}.${tag}`, 'malformed'],
    ['a first part that is not empty', `enc:v1:x.${iv}.${tag}.${ciphertext}`, 'malformed'],
    ['five parts', `enc:v1:.${iv}.${tag}.${ciphertext}.x`, 'malformed'],
    ['a short iv', `enc:v1:${iv.slice(0, 12)}.${tag}.${ciphertext}`, 'malformed'],
    ['a short tag', `enc:v1:${iv}.${tag.slice(0, 16)}.${ciphertext}`, 'malformed'],
    ['padding', `${fixed}=`, 'malformed'],
    ['the other alphabet', fixed.replace('-', '+'), 'malformed'],
    ['a line end', `${fixed}\n`, 'malformed'],
    ['bits that no encoder writes', `${fixed.slice(0, -1)}d`, 'malformed'],
    ['a changed value', `enc:v1:${iv}.${tag}.${ciphertext.replace('v', 'w')}`, 'wrong_key'],
    ['a cut value', `enc:v1:${iv}.${tag}.${ciphertext.slice(0, 4)}`, 'wrong_key'],
    ['no value', `enc:v1:${iv}.${tag}.`, 'wrong_key'],
    ['bytes that are no text', sealBytes(Uint8Array.of(0xff, 0xfe)), 'malformed'],
  ])('with %s has a fault of its own', (_case, envelope, fault) => {
    expect(faultOf(envelope)).toBe(fault);
  });

  it('of another key is an error of its own', () => {
    expect(faultOf(seal('value', hostedKey('ab'.repeat(32))))).toBe('wrong_key');
  });

  it('is decrypted with an earlier key, whose fingerprint is returned', () => {
    const earlier = hostedKey('ab'.repeat(32));
    const both = { current: keys.current, previous: [serviceRoleKey('yet another'), earlier] };
    expect(unseal(seal('value', earlier), both)).toEqual({
      plaintext: 'value',
      fingerprint: earlier.fingerprint,
    });
    expect(unseal(seal('value', keys.current), both).fingerprint).toBe(keys.current.fingerprint);
  });

  it('restores any text, and is different each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const envelope = seal(text, keys.current);
        expect(envelope).toMatch(/^enc:v1:[\w-]{16}\.[\w-]{22}\.[\w-]*$/);
        expect(unseal(envelope, keys).plaintext).toBe(text);
        expect(seal(text, keys.current)).not.toBe(envelope);
      }),
    );
    const large = '\ufeff€'.repeat(20_000);
    expect(unseal(seal(large, keys.current), keys).plaintext).toBe(large);
  });

  it('refuses half of a surrogate pair', () => {
    expect(() => seal('a\ud800b', keys.current)).toThrow(HqError);
  });

  it('is an error with a fault for any other text', () => {
    const piece = fc.oneof(
      fc.constantFrom('enc:v1:', '.', iv, tag, ciphertext, fixed),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        (text) => {
          const fault = faultOf(text);
          if (fault === 'none') expect(unseal(text, keys).plaintext).toBe('hello');
          else expect(['not_an_envelope', 'malformed', 'wrong_key']).toContain(fault);
        },
      ),
    );
  });

  it('with a missing or changed character is never decrypted', () => {
    fc.assert(
      fc.property(fc.nat(fixed.length - 1), fc.constantFrom('', 'A', '_', '.', '\u0000'), (at, other) => {
        const changed = fixed.slice(0, at) + other + fixed.slice(at + 1);
        fc.pre(changed !== fixed);
        expect(faultOf(changed)).not.toBe('none');
      }),
    );
  });

  it('reveals neither value nor key in its errors', () => {
    for (const envelope of ['sk-a-value-in-clear', seal('hidden value', hostedKey('cd'.repeat(32)))]) {
      try {
        unseal(envelope, keys);
        expect.unreachable();
      } catch (error) {
        const shown = `${error} ${JSON.stringify(error)} ${error instanceof HqError ? error.hint : ''}`;
        expect(shown).not.toContain(envelope);
        expect(shown).not.toContain('hidden value');
      }
    }
  });
});
