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

/** The text of every file that stands now; `gateway` is null where there is none. */
export interface CurrentFiles {
  readonly gateway: string | null;
  readonly agents: ReadonlyMap<string, string>;
}

/** A key of a model provider, by the agent that has it: null for every agent of the gateway that has none of its own. */
export interface ProviderKey {
  readonly agent: string | null;
  readonly provider: string;
  readonly value: string;
}

/** A row, and what it should say once its file stands. */
export interface SyncOutcome {
  readonly secret: StoredSecret;
  readonly result: SecretResult;
}

export interface SyncPlan {
  readonly gateway: string;
  readonly agents: ReadonlyMap<string, string>;
  readonly outcomes: readonly SyncOutcome[];
  readonly providerKeys: readonly ProviderKey[];
  /** The providers whose key could not be read: whatever was told about them stays. */
  readonly unreadProviders: ReadonlySet<string>;
  /** The sha256 of each token with which an agent speaks in a chat: HQ's own bots must not use one of them. */
  readonly channelTokens: ReadonlySet<string>;
  /** Every value that stands in a file or will: what the redactor must know before the first is written. */
  readonly values: ReadonlySet<string>;
}

/** Each has one consumer: a second one takes the first one's messages, or is refused. */
const channelKeys = new Set([
  'TELEGRAM_BOT_TOKEN',
  'DISCORD_BOT_TOKEN',
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
]);

type Decrypted = { readonly value: string } | { readonly fault: string };

/**
 * Says what the files should hold. A row that cannot be read takes nothing away: the line that stands under its name in its
 * file stays. Lines of reserved names are the gateway's own; they stay in its file, and come into no agent's.
 */
export function planFiles(snapshot: SecretsSnapshot, keys: SecretsKeys, standing: CurrentFiles): SyncPlan {
  const slugs = new Set(snapshot.agents.map(({ slug }) => slug));
  const standingGateway = readEnvFile(standing.gateway ?? '');
  const values = new Set([...standingGateway.values()].map(({ value }) => value));
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
  const standingAgent = (slug: string) => {
    const known = read.get(slug) ?? readEnvFile(standing.agents.get(slug) ?? '');
    read.set(slug, known);
    return known;
  };
  const tell = (secret: StoredSecret, status: SecretResult['status'], error: string | null) =>
    outcomes.push({ secret, result: { id: secret.id, revision: secret.revision, status, error } });

  for (const secret of snapshot.secrets) {
    const { key, agent_id: agentId, agent_slug: slug } = secret;
    if (agentId !== null && (slug === null || !slugs.has(slug))) {
      tell(secret, 'waiting', null);
      continue;
    }
    if (slug !== null && !isFileSlug(slug)) {
      tell(secret, 'error', 'The agent’s slug cannot name a file.');
      continue;
    }
    const provider = providerOfKey.get(key);
    const opened = decryptSecret(secret, keys);
    if ('value' in opened) {
      values.add(opened.value);
      lines(slug).set(key, envLine(key, opened.value));
      if (provider !== undefined) providerKeys.push({ agent: slug, provider, value: opened.value });
      if (channelKeys.has(key)) channelTokens.add(createHash('sha256').update(opened.value).digest('hex'));
      tell(secret, 'active', null);
      continue;
    }
    if (provider !== undefined) unreadProviders.add(provider);
    const last = slug === null ? standingGateway.get(key) : standingAgent(slug).get(key);
    if (last === undefined || isReserved(key)) {
      tell(secret, 'error', opened.fault);
    } else {
      values.add(last.value);
      lines(slug).set(key, last.line);
      tell(secret, 'error', `${opened.fault} The value it had before stays in use.`);
    }
  }

  const agents = new Map<string, string>();
  for (const slug of slugs) {
    if (isFileSlug(slug)) agents.set(slug, renderEnvFile(new Map([...shared, ...(own.get(slug) ?? [])])));
  }
  for (const [slug, text] of standing.agents) {
    // What stands as it should holds no value that is not known already.
    if (agents.get(slug) === text) continue;
    for (const { value } of readEnvFile(text).values()) values.add(value);
  }

  const gateway = new Map(shared);
  for (const { key, line } of standingGateway.values()) if (isReserved(key)) gateway.set(key, line);
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

/** A secret's value, or why it cannot be had, in words that say nothing of it. */
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
