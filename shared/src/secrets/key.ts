import { createSecretKey, type KeyObject } from 'node:crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { HqError } from '../errors.ts';

const bytes = new TextEncoder();
const salt = bytes.encode('yourhq-secrets-v1');

/** A key that encrypts secrets. A `KeyObject` shows its bytes to no log, no inspector and no JSON. */
export interface SecretsKey {
  readonly source: 'hosted' | 'service-role';
  /** Sixteen hex digits that name the key and tell nothing of it. */
  readonly fingerprint: string;
  readonly material: KeyObject;
}

export interface SecretsKeys {
  /** What new values are encrypted under. */
  readonly current: SecretsKey;
  /** What older values may still be encrypted under while the key is being changed. */
  readonly previous: readonly SecretsKey[];
}

/** The names under which keys stand in an environment, so that whoever shows one can leave their values out. */
export const maskedKeyNames = [
  'SUPABASE_SERVICE_ROLE_KEY',
  'SUPABASE_SERVICE_ROLE_KEY_PREVIOUS',
  'HOSTED_SECRETS_KEY',
  'HOSTED_SECRETS_KEY_PREVIOUS',
] as const;

type KeyEnvironment = Readonly<Partial<Record<string, string>>>;

/**
 * The keys of an environment: HOSTED_SECRETS_KEY where it is set, else the one that SUPABASE_SERVICE_ROLE_KEY gives, and
 * whatever stands in the two names that end in _PREVIOUS. Nothing is remembered: who holds a new environment has the new keys.
 */
export function readSecretsKeys(env: KeyEnvironment): SecretsKeys {
  const hosted = given(env, 'HOSTED_SECRETS_KEY');
  const serviceRole = given(env, 'SUPABASE_SERVICE_ROLE_KEY');
  const current =
    hosted !== undefined
      ? hostedKey(hosted, 'HOSTED_SECRETS_KEY')
      : serviceRole !== undefined
        ? serviceRoleKey(serviceRole)
        : undefined;
  if (current === undefined) {
    throw new HqError('usage', 'There is no key to encrypt secrets with.', {
      hint: 'Set SUPABASE_SERVICE_ROLE_KEY, or HOSTED_SECRETS_KEY where this HQ has one.',
    });
  }

  const hostedBefore = given(env, 'HOSTED_SECRETS_KEY_PREVIOUS');
  const serviceRoleBefore = given(env, 'SUPABASE_SERVICE_ROLE_KEY_PREVIOUS');
  const previous = [
    ...(hostedBefore === undefined ? [] : [hostedKey(hostedBefore, 'HOSTED_SECRETS_KEY_PREVIOUS')]),
    ...(serviceRoleBefore === undefined ? [] : [serviceRoleKey(serviceRoleBefore)]),
  ].filter((key) => key.fingerprint !== current.fingerprint);
  return { current, previous };
}

/** The key that a service-role key gives: HKDF-SHA256 of its UTF-8 text. */
export function serviceRoleKey(text: string): SecretsKey {
  return key('service-role', hkdf(sha256, bytes.encode(text), salt, bytes.encode('aes-256-gcm'), 32));
}

/** A hosted key: 32 bytes written as base64url, base64 or hex. `name` is what the error calls it. */
export function hostedKey(text: string, name = 'HOSTED_SECRETS_KEY'): SecretsKey {
  if (/^[0-9a-f]{64}$/i.test(text)) return key('hosted', Buffer.from(text, 'hex'));
  if (/^(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9+/]{43})=?$/.test(text)) {
    return key('hosted', Buffer.from(text, 'base64url'));
  }
  throw new HqError('usage', `${name} is not a key.`, {
    hint: 'It is exactly 32 bytes, written as base64url, base64 or hex: "openssl rand -hex 32" makes one.',
  });
}

function given(env: KeyEnvironment, name: (typeof maskedKeyNames)[number]): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

function key(source: SecretsKey['source'], raw: Uint8Array): SecretsKey {
  const name = hkdf(sha256, raw, salt, bytes.encode('fingerprint'), 8);
  return { source, fingerprint: Buffer.from(name).toString('hex'), material: createSecretKey(raw) };
}
