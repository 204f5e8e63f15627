import { randomBytes } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { HqError } from '../errors.ts';
import { EnvelopeError } from './envelope.ts';
import type { SecretsKey } from './key.ts';
import { strictBase64url, strictUtf8 } from './strict-bytes.ts';

/** Differs from the prefix of secrets, so that neither is taken for the other. */
const credentialPrefix = 'cred:v1:';
const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts a credential of the control plane under the hosted key. */
export function sealCredential(plaintext: string, key: SecretsKey): string {
  if (!plaintext.isWellFormed()) throw new HqError('usage', 'The credential is not Unicode text.');
  const nonce = randomBytes(nonceBytes);
  const sealed = chacha20poly1305(hostedBytes(key), nonce).encrypt(Buffer.from(plaintext, 'utf8'));
  return `${credentialPrefix}${nonce.toString('base64url')}.${Buffer.from(sealed).toString('base64url')}`;
}

/** Decrypts a credential. Throws an `EnvelopeError` for another form, a damaged one or another key. */
export function openCredential(sealed: string, key: SecretsKey): string {
  const raw = hostedBytes(key);
  if (!sealed.startsWith(credentialPrefix)) throw new EnvelopeError('not_an_envelope');
  const written = sealed.slice(credentialPrefix.length).split('.');
  const [nonce, body] = written.map(strictBase64url);
  if (written.length !== 2 || nonce?.length !== nonceBytes || !body || body.length < tagBytes) {
    throw new EnvelopeError('malformed');
  }
  const cipher = chacha20poly1305(raw, nonce);
  let opened: Uint8Array;
  try {
    opened = cipher.decrypt(body);
  } catch {
    throw new EnvelopeError('wrong_key');
  }
  const plaintext = strictUtf8(opened);
  if (plaintext === null) throw new EnvelopeError('malformed');
  return plaintext;
}

function hostedBytes(key: SecretsKey): Uint8Array {
  if (key.source !== 'hosted') {
    throw new HqError('usage', 'Credentials of the control plane need HOSTED_SECRETS_KEY.');
  }
  return key.material.export();
}
