import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { DueLoop, withinLimit } from '@hq/shared/program';
import type { SecretsKeys } from '@hq/shared/secrets';
import type { Redactor } from '@hq/shared/text';
import { type AgentSecrets, channelKeys } from '../agents/channel-tokens.ts';
import type { Database } from '../database.ts';
import { retryDelay } from '../schedule.ts';
import { decryptSecret, planFiles, type SyncOutcome } from './plan-files.ts';
import type { DesiredKeys } from './provider-steps.ts';
import { RememberedValues } from './remembered-values.ts';
import { SecretFiles, type WrittenFiles } from './secret-files.ts';
import type { SecretResult } from './snapshot.ts';
import type { SecretsState } from './state.ts';

/** Receives the outcome of each sync; the sync does not wait for it. */
export interface SyncListener {
  /** `changed`: a file changed since the last call. */
  onSynced(keys: DesiredKeys, changed: boolean): void;
  /** Returns the reason why the listener could not finish its work; null when it did. */
  problem(): string | null;
  onProblemChange(listener: () => void): void;
}

export interface SecretsSyncOptions {
  readonly database: Database;
  readonly gatewayId: string;
  readonly keys: SecretsKeys;
  /** Directory of the files; its parent must exist. */
  readonly path: string;
  readonly redactor: Redactor;
  readonly log: Log;
  /** Milliseconds between syncs when no change is announced. */
  readonly reconcileMs?: number;
}

export interface OpenedSecret {
  readonly value: string;
  /** Null for a secret of every agent. */
  readonly agentSlug: string | null;
}

const reconcileEveryMs = 5 * 60_000;
/** Milliseconds that gather a burst of changes into one sync, and the least distance of two syncs. */
const gatherMs = 50;
const apartMs = 250;
/** Every twelfth reconcile reads everything, whatever the version. */
const fullSyncEvery = 12;

/** Keeps the files of one gateway's secrets equal to the database. Runs one sync at a time. */
export class SecretsSync {
  readonly #options: SecretsSyncOptions;
  readonly #closed = new AbortController();
  #onState: () => void = () => undefined;
  #listener: SyncListener | null = null;
  /** True when a file changed since the last call of the listener. */
  #changed = false;
  #state: SecretsState;
  #waiting: PromiseWithResolvers<void>[] = [];
  readonly #loop = new DueLoop(() => this.#run(), apartMs);
  #failures = 0;
  /** Newest version that was announced, and the version of the files. */
  #announcedVersion = Number.NEGATIVE_INFINITY;
  #writtenVersion = Number.NEGATIVE_INFINITY;
  /** Digest of the files after a full sync that changed nothing; null after any other. */
  #settledDigest: string | null = null;
  #reconciles = 0;
  readonly #remembered = new RememberedValues();

  constructor(options: SecretsSyncOptions) {
    this.#options = options;
    const { current, previous } = options.keys;
    const keys = [current, ...previous].map(({ fingerprint }) => fingerprint);
    this.#state = { keys, state: 'stale', problem: 'not synced yet', synced_at: null, channel_tokens: [] };
  }

  /**
   * Removes leftovers of a killed runner, teaches the redactor the current values and syncs. Returns after the first sync,
   * or after `limitMs`: a host must come up without its database.
   */
  async start(limitMs: number): Promise<void> {
    const { path, redactor, log, keys } = this.#options;
    try {
      const current = await SecretFiles.open(path, async (files) => {
        await files.removeLeftovers();
        return files.read();
      });
      const { values } = planFiles({ version: 0, agents: [], secrets: [] }, keys, current);
      this.#learn(values, redactor);
    } catch (error) {
      this.#onFailure(error);
    }
    if ((await withinLimit(limitMs, this.#untilSynced())) !== true) {
      log.warn({ problem: this.#state.problem }, 'starting with the secrets of an earlier sync');
    }
  }

  /** Calls the listener after every sync from now on, the first time with all current keys. */
  addListener(listener: SyncListener): void {
    this.#listener = listener;
    this.#changed = true;
    listener.onProblemChange(() => this.#onState());
    this.announceAgain();
  }

  /** Calls the listener with all current keys soon, although none changed. */
  announceAgain(): void {
    this.#settledDigest = null;
    this.#loop.dueIn(0);
  }

  onStateChange(listener: () => void): void {
    this.#onState = listener;
  }

  /** Syncs if `version`, which the database announced, is newer than the files. */
  onVersion(version: unknown): void {
    if (typeof version !== 'number' || version <= this.#announcedVersion) return;
    this.#announcedVersion = version;
    // A sync that runs looks at this version when it ends.
    if (version > this.#writtenVersion && !this.#loop.isRunning) this.#loop.dueIn(gatherMs);
  }

  /** Settles at the end of a sync that starts after this call. */
  synced(): Promise<void> {
    const ended = Promise.withResolvers<void>();
    this.#waiting.push(ended);
    this.#loop.dueIn(this.#failures === 0 ? 0 : retryDelay(this.#failures, this.#state.state === 'error'));
    return ended.promise;
  }

  /** Reads one secret from the database, by its id or, for a secret of every agent, by its key. */
  async readSecret(idOrKey: string, signal: AbortSignal): Promise<OpenedSecret> {
    const { database, gatewayId, keys, redactor } = this.#options;
    const { secrets } = await database.secretsSnapshot(gatewayId, signal);
    const secret = secrets.find(
      ({ id, key, agent_id: agentId }) =>
        id === idOrKey.toLowerCase() || (key === idOrKey && agentId === null),
    );
    if (secret === undefined) {
      throw new HqError('not_found', 'This gateway has no such secret.', {
        hint: 'Store the key as a secret of the gateway first, and name it by its name or its id.',
        field: 'secret',
      });
    }
    const opened = decryptSecret(secret, keys);
    if ('fault' in opened) throw new HqError('failed', opened.fault, { field: 'secret' });
    if (this.#remembered.add(opened.value, performance.now())) redactor.learn(this.#remembered.all());
    return { value: opened.value, agentSlug: secret.agent_slug };
  }

  /** Reads the tokens of the agents' chat channels from the database, by slug and key. Those that cannot be decrypted are left out. */
  async readChannelTokens(signal: AbortSignal): Promise<ReadonlyMap<string, AgentSecrets>> {
    const { database, gatewayId, keys, redactor } = this.#options;
    const { secrets } = await database.secretsSnapshot(gatewayId, signal);
    const tokens = new Map<string, Map<string, string>>();
    for (const secret of secrets) {
      const { agent_slug: slug, key } = secret;
      const opened = slug !== null && channelKeys.has(key) ? decryptSecret(secret, keys) : null;
      if (slug === null || opened === null || 'fault' in opened) continue;
      if (this.#remembered.add(opened.value, performance.now())) redactor.learn(this.#remembered.all());
      tokens.set(slug, (tokens.get(slug) ?? new Map<string, string>()).set(key, opened.value));
    }
    return tokens;
  }

  state(): SecretsState {
    const problem = this.#listener?.problem() ?? null;
    return this.#state.problem === null && problem !== null ? { ...this.#state, problem } : this.#state;
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    await this.#loop.close();
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#closed.signal.reason);
  }

  async #untilSynced(): Promise<boolean> {
    for (let isFirst = true; ; isFirst = false) {
      if (!isFirst && (this.#closed.signal.aborted || this.#state.state === 'error')) return false;
      const isSynced = await this.synced().then(
        () => true,
        () => false,
      );
      if (isSynced) return true;
    }
  }

  /** Returns the milliseconds until the next sync. */
  async #run(): Promise<number> {
    const waiters = this.#waiting.splice(0);
    try {
      await this.#sync();
      this.#failures = 0;
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      this.#onFailure(error);
      for (const waiter of waiters) waiter.reject(error);
    }
    if (this.#failures > 0) return retryDelay(this.#failures, this.#state.state === 'error');
    const isBehind = this.#waiting.length > 0 || this.#announcedVersion > this.#writtenVersion;
    return isBehind ? gatherMs : (this.#options.reconcileMs ?? reconcileEveryMs);
  }

  async #sync(): Promise<void> {
    if (await this.#isSettled()) {
      this.#setState({ ...this.#state, synced_at: new Date().toISOString() });
      return;
    }
    const { database, gatewayId, keys, path, redactor, log } = this.#options;
    const { signal } = this.#closed;
    const snapshot = await database.secretsSnapshot(gatewayId, signal);
    if (snapshot.version === null) {
      throw new HqError('not_found', 'The gateway of these secrets is not in the database any more.');
    }
    const { plan, files, digest } = await SecretFiles.open(path, async (directory) => {
      const planned = planFiles(snapshot, keys, await directory.read());
      this.#learn(planned.values, redactor);
      return { plan: planned, digest: directory.digest(), files: await directory.write(planned) };
    });
    if (files.written + files.removed > 0) {
      this.#changed = true;
      log.info({ written: files.written, removed: files.removed }, 'secrets written');
    }
    const { providerKeys, unreadProviders } = plan;
    this.#listener?.onSynced({ providerKeys, unreadProviders }, this.#changed);
    this.#changed &&= this.#listener === null;
    const results = plan.outcomes.flatMap((outcome) => resultToReport(outcome, files.failed));
    if (results.length > 0) await database.reportSecrets(gatewayId, results, signal);
    this.#writtenVersion = snapshot.version;
    const isSettled = results.length + files.written + files.removed + files.failed.size === 0;
    this.#settledDigest = isSettled ? digest : null;
    const problem = describeFailures(files.failed);
    this.#setState({
      ...this.#state,
      state: problem === null ? 'ok' : 'error',
      problem,
      synced_at: new Date().toISOString(),
      channel_tokens: [...plan.channelTokens].sort(),
    });
    if (problem !== null) throw new HqError('failed', problem);
  }

  /** Returns true when neither the database's version nor a file changed since a full sync that changed nothing. */
  async #isSettled(): Promise<boolean> {
    const { database, gatewayId, path } = this.#options;
    this.#reconciles += 1;
    if (
      this.#settledDigest === null ||
      this.#announcedVersion > this.#writtenVersion ||
      this.#reconciles % fullSyncEvery === 0
    )
      return false;
    if (this.state().state !== 'ok' || this.state().problem !== null) return false;
    if ((await database.secretsVersion(gatewayId, this.#closed.signal)) !== this.#writtenVersion)
      return false;
    const digest = await SecretFiles.open(path, async (files) => {
      await files.read();
      return files.digest();
    });
    return digest === this.#settledDigest;
  }

  #onFailure(error: unknown): void {
    if (this.#closed.signal.aborted) return;
    this.#failures += 1;
    const isOffline =
      error instanceof HqError && (error.code === 'unreachable' || error.code === 'unauthenticated');
    const problem = error instanceof HqError ? error.message : 'The secrets could not be synced.';
    if (!(error instanceof HqError)) this.#options.log.error({ err: error }, problem);
    this.#setState({ ...this.#state, state: isOffline ? 'stale' : 'error', problem });
  }

  #setState(state: SecretsState): void {
    const { state: before, problem: problemBefore, channel_tokens: tokensBefore } = this.#state;
    this.#state = state;
    if (state.channel_tokens.join() !== tokensBefore.join()) this.#onState();
    if (state.state === before && state.problem === problemBefore) return;
    if (state.problem !== null) this.#options.log.error({ state: state.state }, state.problem);
    else this.#options.log.info('the secrets are in sync with the database');
    this.#onState();
  }

  /** Teaches the redactor the values in use. It keeps those that were replaced lately: a log may still show them. */
  #learn(values: ReadonlySet<string>, redactor: Redactor): void {
    if (this.#remembered.use(values, performance.now())) redactor.learn(this.#remembered.all());
  }
}

/** Returns the new status of a row; nothing where the row has it already. */
function resultToReport(
  { secret, result }: SyncOutcome,
  failed: WrittenFiles['failed'],
): readonly SecretResult[] {
  const reason = secret.agent_slug === null ? failed.values().next().value : failed.get(secret.agent_slug);
  const isActive = secret.sync_status === 'active';
  if (result.status === 'active' && reason !== undefined) {
    if (isActive) return [];
    return [{ ...result, status: 'error', error: `Its file could not be written: ${reason}` }];
  }
  const isReported = secret.sync_status === result.status && (secret.sync_error ?? null) === result.error;
  return isReported ? [] : [result];
}

function describeFailures(failed: WrittenFiles['failed']): string | null {
  const [first] = failed;
  if (first === undefined) return null;
  const [slug, reason] = first;
  const name = slug === null ? 'gateway.env' : `agents/${slug}.env`;
  const others = failed.size === 1 ? '' : ` The same holds for ${failed.size - 1} more.`;
  return `${name} could not be brought up to date: ${reason}${others}`;
}
