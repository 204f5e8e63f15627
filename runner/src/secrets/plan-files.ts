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

/** The wanted text of every file, and what follows from it. */
export type SyncPlan = ReturnType<typeof planFiles>;

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
export function planFiles(snapshot: SecretsSnapshot, keys: SecretsKeys, current: CurrentFiles) {
  const planner = new FilePlanner(snapshot, keys, current);
  for (const secret of snapshot.secrets) planner.add(secret);
  return planner.plan();
}

class FilePlanner {
  readonly #keys: SecretsKeys;
  readonly #current: CurrentFiles;
  readonly #slugs: ReadonlySet<string>;
  /** Settings of the current files, by slug; null is the gateway's file. */
  readonly #currentEntries = new Map<string | null, ReadonlyMap<string, EnvEntry>>();
  /** Lines of the wanted files, by slug; null is every file. */
  readonly #lines = new Map<string | null, Map<string, string>>([[null, new Map()]]);
  readonly #values: Set<string>;
  readonly #outcomes: SyncOutcome[] = [];
  readonly #providerKeys: ProviderKey[] = [];
  readonly #unreadProviders = new Set<string>();
  readonly #channelTokens = new Set<string>();

  constructor(snapshot: SecretsSnapshot, keys: SecretsKeys, current: CurrentFiles) {
    this.#keys = keys;
    this.#current = current;
    this.#slugs = new Set(snapshot.agents.map(({ slug }) => slug));
    this.#values = new Set([...this.#entriesOf(null).values()].map(({ value }) => value));
  }

  add(secret: StoredSecret): void {
    const { agent_id: agentId, agent_slug: slug } = secret;
    if (agentId !== null && (slug === null || !this.#slugs.has(slug))) {
      this.#setStatus(secret, 'waiting', null);
    } else if (slug !== null && !isFileSlug(slug)) {
      this.#setStatus(secret, 'error', 'The agent’s slug cannot name a file.');
    } else {
      const decrypted = decryptSecret(secret, this.#keys);
      if ('value' in decrypted) this.#addValue(secret, decrypted.value);
      else this.#keepCurrent(secret, decrypted.fault);
    }
  }

  plan() {
    const shared = this.#linesOf(null);
    const agents = new Map<string, string>();
    for (const slug of this.#slugs) {
      if (isFileSlug(slug)) agents.set(slug, renderEnvFile(new Map([...shared, ...this.#linesOf(slug)])));
    }
    for (const [slug, text] of this.#current.agents) {
      // The values of an unchanged file are known already.
      if (agents.get(slug) === text) continue;
      for (const { value } of this.#entriesOf(slug).values()) this.#values.add(value);
    }
    const gateway = new Map(shared);
    for (const { key, line } of this.#entriesOf(null).values()) if (isReserved(key)) gateway.set(key, line);
    return {
      gateway: renderEnvFile(gateway),
      agents,
      outcomes: this.#outcomes,
      providerKeys: this.#providerKeys,
      /** Providers whose key could not be decrypted: their pushed keys stay. */
      unreadProviders: this.#unreadProviders,
      /** SHA-256 of each token that an agent uses in a chat; HQ's own bots must not use one of them. */
      channelTokens: this.#channelTokens,
      /** Values in the files before and after the sync. The redactor must know them before a file is written. */
      values: this.#values,
    };
  }

  #addValue(secret: StoredSecret, value: string): void {
    const { key, agent_slug: agent } = secret;
    const provider = providerOfKey.get(key);
    this.#values.add(value);
    this.#linesOf(agent).set(key, envLine(key, value));
    if (provider !== undefined) this.#providerKeys.push({ agent, provider, value });
    if (channelKeys.has(key)) this.#channelTokens.add(createHash('sha256').update(value).digest('hex'));
    this.#setStatus(secret, 'active', null);
  }

  #keepCurrent(secret: StoredSecret, fault: string): void {
    const { key, agent_slug: slug } = secret;
    const provider = providerOfKey.get(key);
    if (provider !== undefined) this.#unreadProviders.add(provider);
    const entry = this.#entriesOf(slug).get(key);
    if (entry === undefined || isReserved(key)) {
      this.#setStatus(secret, 'error', fault);
      return;
    }
    this.#values.add(entry.value);
    this.#linesOf(slug).set(key, entry.line);
    this.#setStatus(secret, 'error', `${fault} The previous value stays in use.`);
  }

  #setStatus(secret: StoredSecret, status: SecretResult['status'], error: string | null): void {
    this.#outcomes.push({ secret, result: { id: secret.id, revision: secret.revision, status, error } });
  }

  #linesOf(slug: string | null): Map<string, string> {
    const lines = this.#lines.get(slug) ?? new Map<string, string>();
    this.#lines.set(slug, lines);
    return lines;
  }

  #entriesOf(slug: string | null): ReadonlyMap<string, EnvEntry> {
    const text = slug === null ? this.#current.gateway : this.#current.agents.get(slug);
    const entries = this.#currentEntries.get(slug) ?? readEnvFile(text ?? '');
    this.#currentEntries.set(slug, entries);
    return entries;
  }
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
