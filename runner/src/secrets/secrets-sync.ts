import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import type { SecretsKeys } from '@hq/shared/secrets';
import type { Redactor } from '@hq/shared/text';
import type { Database } from '../database.ts';
import { retryDelay } from '../schedule.ts';
import { decryptSecret, planFiles, type SyncOutcome } from './plan-files.ts';
import type { DesiredKeys } from './provider-steps.ts';
import { SecretFiles, type WrittenFiles } from './secret-files.ts';
import type { SecretResult } from './snapshot.ts';

/** What the heartbeat says of the secrets, in `gateways.meta.secrets`. */
export interface SecretsState {
  /** The fingerprints of the keys that this runner can read, the current one first. */
  readonly keys: readonly string[];
  /** `stale`: the files hold what the last sync found, and the database may hold more. `error`: a file is not as it should be. */
  readonly state: 'ok' | 'stale' | 'error';
  readonly problem: string | null;
  /** When a sync last came to its end, by this host's clock; null before. */
  readonly synced_at: string | null;
  /** The sha256 of the tokens with which agents speak in chats: HQ's own bots are refused them. */
  readonly channel_tokens: readonly string[];
}

/** Who is told what a sync brought; never waited for. */
export interface SyncListener {
  /** `changed`: whether a file is another one than before. */
  onSynced(keys: DesiredKeys, changed: boolean): void;
  /** What keeps it from having done all it was told to. */
  problem(): string | null;
  /** Calls the listener whenever the problem is another one. */
  onProblemChange(listener: () => void): void;
}

export interface SecretsSyncOptions {
  readonly database: Database;
  readonly gatewayId: string;
  readonly keys: SecretsKeys;
  /** The directory of the files; the one it lies in must exist. */
  readonly path: string;
  readonly redactor: Redactor;
  readonly log: Log;
  /** Milliseconds from one look at everything to the next when nothing says that there is a change. */
  readonly reconcileMs?: number;
}

export interface OpenedSecret {
  readonly value: string;
  /** Null for one that every agent has. */
  readonly agentSlug: string | null;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

const reconcileEveryMs = 5 * 60_000;
/** What is written together is read together: a burst comes as one change, and no two syncs are closer than this. */
const gatherMs = 50;
const apartMs = 250;
/** Every so many reconciles everything is read, whatever the version says. */
const wholeEvery = 12;

/** Keeps the files of one gateway's secrets what the database says. One sync at a time, as many as there are changes at most. */
export class SecretsSync {
  readonly #options: SecretsSyncOptions;
  readonly #closed = new AbortController();
  #onState: () => void = () => undefined;
  #listener: SyncListener | null = null;
  /** Whether a file is another one than when the listener was last told. */
  #changed = false;
  #state: SecretsState;
  #waiting: Waiter[] = [];
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #endedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  /** The newest version that anybody told of, and the one that the files have. */
  #toldVersion = Number.NEGATIVE_INFINITY;
  #laidVersion = Number.NEGATIVE_INFINITY;
  /** What the files were when the last whole sync had found nothing to do; null while there is something. */
  #settledMark: string | null = null;
  #reconciles = 0;
  #known: ReadonlySet<string> = new Set();

  constructor(options: SecretsSyncOptions) {
    this.#options = options;
    const { current, previous } = options.keys;
    const keys = [current, ...previous].map(({ fingerprint }) => fingerprint);
    this.#state = { keys, state: 'stale', problem: 'not synced yet', synced_at: null, channel_tokens: [] };
  }

  /**
   * Takes away what a dead runner left, learns what stands, and syncs for the first time. Returns when that was done, or, with
   * the files as they stood, when it took too long: a host must come up without its database.
   */
  async start(limitMs: number): Promise<void> {
    const { path, redactor, log } = this.#options;
    try {
      const standing = await SecretFiles.readSecret(path, async (files) => {
        await files.removeLeftovers();
        return files.read();
      });
      const { values } = planFiles({ version: 0, agents: [], secrets: [] }, this.#options.keys, standing);
      this.#learn(values, redactor);
    } catch (error) {
      this.#failed(error);
    }
    const first = this.synced().then(
      () => true,
      () => false,
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), limitMs);
    });
    const untilSynced = async (): Promise<boolean> => {
      for (let done = await first; !done; ) {
        if (this.#closed.signal.aborted || this.#state.state === 'error') return false;
        done = await this.synced().then(
          () => true,
          () => false,
        );
      }
      return true;
    };
    const isSynced = await Promise.race([untilSynced(), late]);
    clearTimeout(timer);
    if (!isSynced) {
      log.warn({ problem: this.#state.problem }, 'going on with the secrets as they stood');
    }
  }

  /** Tells the listener of every sync from now on, and of what stands already. */
  addListener(listener: SyncListener): void {
    this.#listener = listener;
    this.#changed = true;
    this.#settledMark = null;
    listener.onProblemChange(() => this.#onState());
    this.#syncIn(0);
  }

  /** Calls the listener whenever the state is another one. */
  onStateChange(listener: () => void): void {
    this.#onState = listener;
  }

  /** Somebody told the database's version of the secrets. */
  onVersion(version: unknown): void {
    if (typeof version !== 'number' || version <= this.#toldVersion) return;
    this.#toldVersion = version;
    if (version > this.#laidVersion) this.#syncIn(gatherMs);
  }

  /** Settles when a sync that begins after this call has come to its end. */
  synced(): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    this.#syncIn(this.#failures === 0 ? 0 : retryDelay(this.#failures, this.#state.state === 'error'));
    return ended;
  }

  /** Reads one secret afresh, by its id or, where every agent has it, by its key. */
  async open(idOrKey: string, signal: AbortSignal): Promise<OpenedSecret> {
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
    this.#learn(new Set([...this.#known, opened.value]), redactor);
    return { value: opened.value, agentSlug: secret.agent_slug };
  }

  state(): SecretsState {
    const told = this.#listener?.problem() ?? null;
    return this.#state.problem === null && told !== null ? { ...this.#state, problem: told } : this.#state;
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    clearTimeout(this.#timer);
    await this.#running;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#closed.signal.reason);
  }

  #syncIn(milliseconds: number): void {
    if (this.#closed.signal.aborted || this.#running !== null) return;
    const dueAt = Math.max(performance.now() + milliseconds, this.#endedAt + apartMs);
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, dueAt - performance.now()));
  }

  #begin(): void {
    const waiters = this.#waiting.splice(0);
    this.#running = this.#sync()
      .then(
        () => {
          this.#failures = 0;
          for (const waiter of waiters) waiter.resolve();
        },
        (error: unknown) => {
          this.#failed(error);
          for (const waiter of waiters) waiter.reject(error);
        },
      )
      .finally(() => this.#ended());
  }

  #ended(): void {
    this.#running = null;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#endedAt = performance.now();
    if (this.#failures > 0) this.#syncIn(retryDelay(this.#failures, this.#state.state === 'error'));
    else if (this.#waiting.length > 0 || this.#toldVersion > this.#laidVersion) this.#syncIn(gatherMs);
    else this.#syncIn(this.#options.reconcileMs ?? reconcileEveryMs);
  }

  async #sync(): Promise<void> {
    if (await this.#isSettled()) {
      this.#become({ ...this.#state, synced_at: new Date().toISOString() });
      return;
    }
    const { database, gatewayId, keys, path, redactor, log } = this.#options;
    const { signal } = this.#closed;
    const snapshot = await database.secretsSnapshot(gatewayId, signal);
    if (snapshot.version === null) {
      throw new HqError('not_found', 'The gateway of these secrets is not in the database any more.');
    }
    const { plan, laid, mark } = await SecretFiles.readSecret(path, async (files) => {
      const planned = planFiles(snapshot, keys, await files.read());
      this.#learn(planned.values, redactor);
      return { plan: planned, mark: files.digest(), laid: await files.write(planned) };
    });
    if (laid.written + laid.removed > 0) {
      this.#changed = true;
      log.info({ written: laid.written, removed: laid.removed }, 'secrets laid');
    }
    const { providerKeys, unreadProviders } = plan;
    this.#listener?.onSynced({ providerKeys, unreadProviders }, this.#changed);
    this.#changed &&= this.#listener === null;
    const results = plan.outcomes.flatMap((outcome) => resultToReport(outcome, laid.failed));
    if (results.length > 0) await database.secretsSynced(gatewayId, results, signal);
    this.#laidVersion = snapshot.version;
    const isSettled = results.length + laid.written + laid.removed + laid.failed.size === 0;
    this.#settledMark = isSettled ? mark : null;
    const problem = describeFailures(laid.failed);
    this.#become({
      ...this.#state,
      state: problem === null ? 'ok' : 'error',
      problem,
      synced_at: new Date().toISOString(),
      channel_tokens: [...plan.channelTokens].sort(),
    });
    if (problem !== null) throw new HqError('failed', problem);
  }

  /** Whether neither the database's version nor a file has changed since a whole sync found nothing to do. */
  async #isSettled(): Promise<boolean> {
    const { database, gatewayId, path } = this.#options;
    this.#reconciles += 1;
    if (
      this.#settledMark === null ||
      this.#toldVersion > this.#laidVersion ||
      this.#reconciles % wholeEvery === 0
    )
      return false;
    if (this.state().state !== 'ok' || this.state().problem !== null) return false;
    if ((await database.secretsVersion(gatewayId, this.#closed.signal)) !== this.#laidVersion) return false;
    const mark = await SecretFiles.readSecret(path, async (files) => {
      await files.read();
      return files.digest();
    });
    return mark === this.#settledMark;
  }

  #failed(error: unknown): void {
    if (this.#closed.signal.aborted) return;
    this.#failures += 1;
    const isAway =
      error instanceof HqError && (error.code === 'unreachable' || error.code === 'unauthenticated');
    const problem = error instanceof HqError ? error.message : 'The secrets could not be synced.';
    if (!(error instanceof HqError)) this.#options.log.error({ err: error }, problem);
    this.#become({ ...this.#state, state: isAway ? 'stale' : 'error', problem });
  }

  #become(state: SecretsState): void {
    const { state: before, problem: problemBefore, channel_tokens: tokensBefore } = this.#state;
    this.#state = state;
    if (state.channel_tokens.join() !== tokensBefore.join()) this.#onState();
    if (state.state === before && state.problem === problemBefore) return;
    if (state.problem !== null) this.#options.log.error({ state: state.state }, state.problem);
    else this.#options.log.info('the secrets are as the database says');
    this.#onState();
  }

  /** What was in use until just now may still be in some output. */
  #learn(values: ReadonlySet<string>, redactor: Redactor): void {
    if (values.size === this.#known.size && [...values].every((value) => this.#known.has(value))) return;
    redactor.learn([...values, ...this.#known]);
    this.#known = values;
  }
}

/** What the row is to say, where it does not say so already. */
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
  const isTold = secret.sync_status === result.status && (secret.sync_error ?? null) === result.error;
  return isTold ? [] : [result];
}

function describeFailures(failed: WrittenFiles['failed']): string | null {
  const [first] = failed;
  if (first === undefined) return null;
  const [slug, reason] = first;
  const name = slug === null ? 'gateway.env' : `agents/${slug}.env`;
  const others = failed.size === 1 ? '' : ` So did ${failed.size - 1} more.`;
  return `${name} could not be brought up to date: ${reason}${others}`;
}
