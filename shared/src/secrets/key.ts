import { createSecretKey, type KeyObject } from 'node:crypto';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { HqError } from '../errors.ts';

const bytes = new TextEncoder();
const salt = bytes.encode('yourhq-secrets-v1');

/** A key that encrypts secrets. A `KeyObject` keeps its bytes out of logs, inspectors and JSON. */
export interface SecretsKey {
  readonly source: 'hosted' | 'service-role';
  /** Sixteen hex digits that identify the key without revealing it. */
  readonly fingerprint: string;
  readonly material: KeyObject;
}

export interface SecretsKeys {
  /** Encrypts new values. */
  readonly current: SecretsKey;
  /** Decrypt older values while the key is being changed. */
  readonly previous: readonly SecretsKey[];
}

/** The environment variables that hold keys, so that programs can mask their values. */
export const maskedKeyNames = [
  'SUPABASE_SERVICE_ROLE_KEY',
  'SUPABASE_SERVICE_ROLE_KEY_PREVIOUS',
  'HOSTED_SECRETS_KEY',
  'HOSTED_SECRETS_KEY_PREVIOUS',
] as const;

type KeyEnvironment = Readonly<Partial<Record<string, string>>>;

/**
 * Reads the keys of an environment: HOSTED_SECRETS_KEY, else the key derived from SUPABASE_SERVICE_ROLE_KEY, and the two
 * variables that end in _PREVIOUS. Caches nothing, so that a new environment has its new keys at once.
 */
export function readSecretsKeys(env: KeyEnvironment): SecretsKeys {
  const hosted = textOf(env, 'HOSTED_SECRETS_KEY');
  const serviceRole = textOf(env, 'SUPABASE_SERVICE_ROLE_KEY');
  const current =
    hosted !== undefined
      ? hostedKey(hosted, 'HOSTED_SECRETS_KEY')
      : serviceRole !== undefined
        ? serviceRoleKey(serviceRole)
        : undefined;
  if (current === undefined) {
    throw new HqError('usage', 'There is no key to encrypt secrets with.', {
      hint: 'Set SUPABASE_SERVICE_ROLE_KEY, or HOSTED_SECRETS_KEY if this HQ uses one.',
    });
  }

  const hostedBefore = textOf(env, 'HOSTED_SECRETS_KEY_PREVIOUS');
  const serviceRoleBefore = textOf(env, 'SUPABASE_SERVICE_ROLE_KEY_PREVIOUS');
  const previous = [
    ...(hostedBefore === undefined ? [] : [hostedKey(hostedBefore, 'HOSTED_SECRETS_KEY_PREVIOUS')]),
    ...(serviceRoleBefore === undefined ? [] : [serviceRoleKey(serviceRoleBefore)]),
  ].filter((key) => key.fingerprint !== current.fingerprint);
  return { current, previous };
}

/** Derives a key from the service-role key: HKDF-SHA256 of its UTF-8 text. */
export function serviceRoleKey(text: string): SecretsKey {
  return key('service-role', hkdf(sha256, bytes.encode(text), salt, bytes.encode('aes-256-gcm'), 32));
}

/** Parses a hosted key: 32 bytes as base64url, base64 or hex. Errors call it `name`. */
export function hostedKey(text: string, name = 'HOSTED_SECRETS_KEY'): SecretsKey {
  if (/^[0-9a-f]{64}$/i.test(text)) return key('hosted', Buffer.from(text, 'hex'));
  if (/^(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9+/]{43})=?$/.test(text)) {
    return key('hosted', Buffer.from(text, 'base64url'));
  }
  throw new HqError('usage', `${name} is not a key.`, {
    hint: 'Set it to 32 bytes as base64url, base64 or hex; `openssl rand -hex 32` generates them.',
  });
}

function textOf(env: KeyEnvironment, name: (typeof maskedKeyNames)[number]): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

function key(source: SecretsKey['source'], raw: Uint8Array): SecretsKey {
  const name = hkdf(sha256, raw, salt, bytes.encode('fingerprint'), 8);
  return { source, fingerprint: Buffer.from(name).toString('hex'), material: createSecretKey(raw) };
}
