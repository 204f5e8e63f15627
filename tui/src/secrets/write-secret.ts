import type { Origin } from '@hq/shared/actions';
import { readAnswer } from '@hq/shared/answer';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { type GatewayRow, type SecretCategory, type SecretRow, secretRow } from '@hq/shared/rows';
import { type SecretsKeys, seal, secretNameFault, secretValueFault } from '@hq/shared/secrets';
import { plain } from '@hq/shared/text';
import { z } from 'zod';
import { findHostKeys } from './host-keys.ts';
import { refuseCredential } from './refuse-credential.ts';

/** A secret to write. Fields that are left out keep their values. */
export interface SecretDraft {
  readonly key: string;
  readonly value: string;
  readonly gateway: GatewayRow;
  /** The agent's id; null for every agent of the gateway. */
  readonly agent: string | null;
  readonly category?: SecretCategory | undefined;
  readonly name?: string | undefined;
  readonly note?: string | undefined;
}

export interface WrittenSecret {
  readonly secret: SecretRow;
  /** False where there was one of this key, whose value is another now. */
  readonly created: boolean;
}

const written = z.object({ secret: secretRow, created: z.boolean() });
const changed = z.object({ secret: secretRow });

/** Encrypts a value where the key is, and hands the envelope in. The value is in no error. */
export async function writeSecret(
  client: HqClient,
  env: NodeJS.ProcessEnv,
  draft: SecretDraft,
  origin: Origin,
): Promise<WrittenSecret> {
  const { key, value, gateway, agent, category, name, note } = draft;
  checkKeyName(key);
  checkValue(value);
  for (const text of [name, note]) refuseCredential(text);
  const { current } = await keysFor(client, env, gateway, `hq-tui secrets set ${key}`);
  const envelope = seal(value, current);
  const answer = await client.askAgain<unknown>(() =>
    client.supabase.rpc('set_secret', {
      p_key: key,
      p_value: envelope,
      p_gateway: gateway.id,
      p_agent: agent,
      p_category: category ?? null,
      p_name: name || null,
      p_note: note || null,
      p_origin: origin,
    }),
  );
  return readAnswer(written, answer, client.host);
}

/** The keys of this host, where the runner of the gateway, if one is given, can read what is written with them; fails elsewhere. */
export async function keysFor(
  client: HqClient,
  env: NodeJS.ProcessEnv,
  gateway: GatewayRow | null,
  call: string,
): Promise<SecretsKeys> {
  const { keys, source } = await findHostKeys(env, client.url, call);
  const reported = gateway?.meta.secrets?.keys;
  // A runner that has reported no keys may not have started yet.
  if (gateway === null || reported === undefined || reported.includes(keys.current.fingerprint)) return keys;
  throw new HqError(
    'conflict',
    `The runner of ${plain(gateway.slug)} has another key (${reported.map(plain).join(', ') || 'none'}) than ${source} (${keys.current.fingerprint}), and cannot read secrets that are encrypted with this one.`,
    { hint: 'Give both the same key; docs/secrets.md describes how a key is changed.' },
  );
}

export async function noteSecret(
  client: HqClient,
  id: string,
  note: string,
  origin: Origin,
): Promise<SecretRow> {
  refuseCredential(note);
  const answer = await client.askAgain<unknown>(() =>
    client.supabase.rpc('note_secret', { p_secret_id: id, p_note: note, p_origin: origin }),
  );
  return readAnswer(changed, answer, client.host).secret;
}

export async function deleteSecret(client: HqClient, id: string, origin: Origin): Promise<SecretRow> {
  const answer = await client.ask<unknown>(
    client.supabase.rpc('delete_secret', { p_secret_id: id, p_origin: origin }),
  );
  return readAnswer(changed, answer, client.host).secret;
}

/** Throws `usage` for a name that no secret can have. It does not repeat the name: it may be a value in the wrong place. */
export function checkKeyName(key: string): void {
  const fault = secretNameFault(key);
  if (fault !== null) throw new HqError('usage', fault, { field: 'key', hint: 'Such as GITHUB_TOKEN.' });
}

export function checkValue(value: string): void {
  const fault = value === '' ? 'The value is empty.' : secretValueFault(value);
  if (fault !== null) throw new HqError('usage', fault, { field: 'value' });
}
