import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { HqError } from '../errors.ts';
import type { SecretsKey, SecretsKeys } from './key.ts';
import { strictBase64url, strictUtf8 } from './strict-bytes.ts';

/** The prefix of every stored value. */
export const envelopePrefix = 'enc:v1:';

const ivBytes = 12;
const tagBytes = 16;
const algorithm = 'aes-256-gcm';

export type EnvelopeFault =
  /** No envelope at all, such as a plain value of an older HQ. */
  | 'not_an_envelope'
  /** A truncated envelope, or one in a wrong encoding. */
  | 'malformed'
  /** None of the keys decrypts it: it belongs to another key, or was changed. */
  | 'wrong_key';

const sentences: Record<EnvelopeFault, readonly [message: string, hint: string]> = {
  not_an_envelope: ['The stored value is not encrypted.', 'Store the secret again to encrypt its value.'],
  malformed: ['The stored value is damaged.', 'Store the secret again.'],
  wrong_key: [
    'The stored value was encrypted with another key, or was changed.',
    'Set the earlier key as the previous one and run "hq-tui secrets rekey", or store the secret again.',
  ],
};

export class EnvelopeError extends HqError {
  readonly fault: EnvelopeFault;

  constructor(fault: EnvelopeFault) {
    const [message, hint] = sentences[fault];
    super('failed', message, { hint });
    this.fault = fault;
  }
}

/** Encrypts a value. Throws `usage` for text that is not well-formed, because UTF-8 cannot hold it. */
export function seal(plaintext: string, key: SecretsKey): string {
  if (!plaintext.isWellFormed()) throw new HqError('usage', 'The value is not Unicode text.');
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key.material, iv, { authTagLength: tagBytes });
  const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return (
    envelopePrefix + [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url')).join('.')
  );
}

export interface Unsealed {
  readonly plaintext: string;
  /** The key that decrypted it. */
  readonly fingerprint: string;
}

/** Decrypts a stored value with the current key, else with an earlier one. Throws an `EnvelopeError` and nothing else. */
export function unseal(envelope: string, keys: SecretsKeys): Unsealed {
  const parts = envelopeParts(envelope);
  for (const key of [keys.current, ...keys.previous]) {
    const opened = open(parts, key);
    if (opened === null) continue;
    const plaintext = strictUtf8(opened);
    if (plaintext === null) throw new EnvelopeError('malformed');
    return { plaintext, fingerprint: key.fingerprint };
  }
  throw new EnvelopeError('wrong_key');
}

interface EnvelopeParts {
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly ciphertext: Buffer;
}

function envelopeParts(envelope: string): EnvelopeParts {
  if (!envelope.startsWith(envelopePrefix)) throw new EnvelopeError('not_an_envelope');
  const written = envelope.slice(envelopePrefix.length).split('.');
  // An older form has an empty first part.
  if (written.length === 4 && written[0] === '') written.shift();
  if (written.length !== 3) throw new EnvelopeError('malformed');
  const [iv, tag, ciphertext] = written.map(strictBase64url);
  if (iv?.length !== ivBytes || tag?.length !== tagBytes || !ciphertext) throw new EnvelopeError('malformed');
  return { iv, tag, ciphertext };
}

function open({ iv, tag, ciphertext }: EnvelopeParts, key: SecretsKey): Buffer | null {
  const decipher = createDecipheriv(algorithm, key.material, iv, { authTagLength: tagBytes });
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    return Buffer.concat([plaintext, decipher.final()]);
  } catch {
    // The tag alone can fail here: the value belongs to another key.
    return null;
  }
}
