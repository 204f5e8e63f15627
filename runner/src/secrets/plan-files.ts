import { createHash } from 'node:crypto';
import {
  EnvelopeError,
  envLine,
  providerOfKey,
  type SecretsKeys,
  secretNameFault,
  secretValueFault,
  unseal,
} from '@hq/shared/secrets';
import { type EnvEntry, isReserved, readEnvFile, renderEnvFile } from './env-file.ts';
import { isFileSlug } from './secrets-directory.ts';
import type { SecretResult, SecretsSnapshot, StoredSecret } from './snapshot.ts';

/** Text of every existing file; `gateway` is null when there is none. */
export interface CurrentFiles {
  readonly gateway: string | null;
  readonly agents: ReadonlyMap<string, string>;
}

/** Key of a model provider. `agent` is null for every agent of the gateway without a key of its own. */
export interface ProviderKey {
  readonly agent: string | null;
  readonly provider: string;
  readonly value: string;
}

/** Status that a row gets once its file is written. */
export interface SyncOutcome {
  readonly secret: StoredSecret;
  readonly result: SecretResult;
}

export interface SyncPlan {
  readonly gateway: string;
  readonly agents: ReadonlyMap<string, string>;
  readonly outcomes: readonly SyncOutcome[];
  readonly providerKeys: readonly ProviderKey[];
  /** Providers whose key could not be decrypted: their pushed keys stay. */
  readonly unreadProviders: ReadonlySet<string>;
  /** SHA-256 of each token that an agent uses in a chat; HQ's own bots must not use one of them. */
  readonly channelTokens: ReadonlySet<string>;
  /** Values in the files before and after the sync. The redactor must know them before a file is written. */
  readonly values: ReadonlySet<string>;
}

/** Tokens that allow one consumer: a second one takes the messages of the first, or is refused. */
const channelKeys = new Set([
  'TELEGRAM_BOT_TOKEN',
  'DISCORD_BOT_TOKEN',
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
]);

type Decrypted = { readonly value: string } | { readonly fault: string };

/**
 * Returns the wanted text of every file. A row that cannot be decrypted keeps the current line of its name. Lines with
 * reserved names belong to the gateway: they stay in its file, and no agent gets them.
 */
export function planFiles(snapshot: SecretsSnapshot, keys: SecretsKeys, current: CurrentFiles): SyncPlan {
  const slugs = new Set(snapshot.agents.map(({ slug }) => slug));
  const currentGateway = readEnvFile(current.gateway ?? '');
  const values = new Set([...currentGateway.values()].map(({ value }) => value));
  const shared = new Map<string, string>();
  const own = new Map<string, Map<string, string>>();
  const outcomes: SyncOutcome[] = [];
  const providerKeys: ProviderKey[] = [];
  const unreadProviders = new Set<string>();
  const channelTokens = new Set<string>();

  const lines = (slug: string | null) => {
    if (slug === null) return shared;
    const known = own.get(slug) ?? new Map<string, string>();
    own.set(slug, known);
    return known;
  };
  const read = new Map<string, ReadonlyMap<string, EnvEntry>>();
  const currentAgent = (slug: string) => {
    const known = read.get(slug) ?? readEnvFile(current.agents.get(slug) ?? '');
    read.set(slug, known);
    return known;
  };
  const setStatus = (secret: StoredSecret, status: SecretResult['status'], error: string | null) =>
    outcomes.push({ secret, result: { id: secret.id, revision: secret.revision, status, error } });

  for (const secret of snapshot.secrets) {
    const { key, agent_id: agentId, agent_slug: slug } = secret;
    if (agentId !== null && (slug === null || !slugs.has(slug))) {
      setStatus(secret, 'waiting', null);
      continue;
    }
    if (slug !== null && !isFileSlug(slug)) {
      setStatus(secret, 'error', 'The agent’s slug cannot name a file.');
      continue;
    }
    const provider = providerOfKey.get(key);
    const opened = decryptSecret(secret, keys);
    if ('value' in opened) {
      values.add(opened.value);
      lines(slug).set(key, envLine(key, opened.value));
      if (provider !== undefined) providerKeys.push({ agent: slug, provider, value: opened.value });
      if (channelKeys.has(key)) channelTokens.add(createHash('sha256').update(opened.value).digest('hex'));
      setStatus(secret, 'active', null);
      continue;
    }
    if (provider !== undefined) unreadProviders.add(provider);
    const last = slug === null ? currentGateway.get(key) : currentAgent(slug).get(key);
    if (last === undefined || isReserved(key)) {
      setStatus(secret, 'error', opened.fault);
    } else {
      values.add(last.value);
      lines(slug).set(key, last.line);
      setStatus(secret, 'error', `${opened.fault} The previous value stays in use.`);
    }
  }

  const agents = new Map<string, string>();
  for (const slug of slugs) {
    if (isFileSlug(slug)) agents.set(slug, renderEnvFile(new Map([...shared, ...(own.get(slug) ?? [])])));
  }
  for (const [slug, text] of current.agents) {
    // An unchanged file holds only values that are known already.
    if (agents.get(slug) === text) continue;
    for (const { value } of readEnvFile(text).values()) values.add(value);
  }

  const gateway = new Map(shared);
  for (const { key, line } of currentGateway.values()) if (isReserved(key)) gateway.set(key, line);
  return {
    gateway: renderEnvFile(gateway),
    agents,
    outcomes,
    providerKeys,
    unreadProviders,
    channelTokens,
    values,
  };
}

/** Returns the value of a secret, or a reason that reveals nothing of it. */
export function decryptSecret(
  { key, encrypted_value: envelope }: Pick<StoredSecret, 'key' | 'encrypted_value'>,
  keys: SecretsKeys,
): Decrypted {
  const nameFault = secretNameFault(key);
  if (nameFault !== null) return { fault: nameFault };
  try {
    const { plaintext } = unseal(envelope, keys);
    const valueFault = secretValueFault(plaintext);
    return valueFault === null ? { value: plaintext } : { fault: valueFault };
  } catch (error) {
    if (error instanceof EnvelopeError) return { fault: [error.message, error.hint].join(' ') };
    throw error;
  }
}
