import type {
  AgentRemoved,
  PairingApproval,
  PairingApproved,
  SessionReset,
  SessionToRead,
  SessionTranscript,
} from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import type { GatewayStatus } from '@hq/shared/gateway';
import type { Log } from '@hq/shared/log';
import { type Backoff, backoffMs, DueLoop, sleep } from '@hq/shared/program';
import type { Database } from '../database.ts';
import { isUuid } from '../environment.ts';
import type { GatewayControl } from '../gateway-control.ts';
import { type AgentsApi, agentsApi, type OnProgress } from './agents-api.ts';
import {
  type Comparison,
  type ComparisonOptions,
  type ComparisonRequest,
  compareAgents,
} from './compare-agents.ts';
import { type Confinement, confinementOf } from './confinement.ts';

export interface AgentsSyncOptions extends Pick<ComparisonOptions, 'gatewayId' | 'readChannelTokens'> {
  readonly database: ComparisonOptions['database'] &
    Pick<Database, 'agentRemoved' | 'pairingApproved' | 'pairingCode'>;
  readonly gateway: Pick<GatewayControl, 'request' | 'stream' | 'status'>;
  readonly log: Log;
  /** Called after agents were changed on the gateway; a new one has no provider keys yet. */
  readonly onApplied?: (() => void) | undefined;
  /** Milliseconds between two comparisons when no change is announced. */
  readonly reconcileMs?: number | undefined;
}

const reconcileEveryMs = 5 * 60_000;
/** Milliseconds that gather a burst of changes, and the least distance of two comparisons. */
const gatherMs = 50;
const apartMs = 250;
const limitMs = 5 * 60_000;
const statusLimitMs = 10_000;
const backoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };
const readyPollMs = 500;

/**
 * Keeps the agents of one gateway equal to the database: after a start, when a row or a token changed, when the gateway is
 * healthy again, and for commands. One change runs at a time.
 */
export class AgentsSync {
  readonly #options: AgentsSyncOptions;
  readonly #api: AgentsApi;
  readonly #closed = new AbortController();
  readonly #loop = new DueLoop(() => this.#run(), apartMs);
  readonly #paused = new Set<string>();
  /** Settles when the change that runs now has ended. */
  #held: Promise<unknown> = Promise.resolve();
  #announcedVersion = Number.NEGATIVE_INFINITY;
  #comparedVersion = Number.NEGATIVE_INFINITY;
  #secretsVersion: unknown;
  #failures = 0;
  #problem: string | null = null;
  #unexpected = '';
  #confinement: Confinement | undefined;
  #onStateChange: () => void = () => undefined;

  constructor(options: AgentsSyncOptions) {
    this.#options = options;
    this.#api = agentsApi(options.gateway);
  }

  /** Compares if `version`, which the database announced, is newer than the last comparison. */
  onVersion(version: unknown): void {
    if (typeof version !== 'number' || version <= this.#announcedVersion) return;
    this.#announcedVersion = version;
    if (version > this.#comparedVersion) this.compareSoon();
  }

  /** Compares after a change of the secrets, which may hold the tokens of a channel. */
  onSecretsVersion(version: unknown): void {
    if (version === this.#secretsVersion) return;
    this.#secretsVersion = version;
    this.compareSoon();
  }

  compareSoon(): void {
    this.#loop.dueIn(gatherMs);
  }

  onStateChange(listener: () => void): void {
    this.#onStateChange = listener;
  }

  /** Reason why the last comparison failed; null when it did not. */
  problem(): string | null {
    return this.#problem;
  }

  /** Returns what agents may do in jails of their own; undefined before the gateway said it. */
  confinement(): Confinement | undefined {
    return this.#confinement;
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    await this.#loop.close();
    await this.#held;
  }

  /** Compares at once, for a command. */
  sync(request: ComparisonRequest): Promise<Comparison> {
    return this.#hold(() => this.#compare(request));
  }

  /** Removes an agent from the gateway, then from the database. One that is in neither is removed already. */
  remove(
    { id, slug }: { readonly id: string | null; readonly slug: string },
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<AgentRemoved> {
    return this.#hold(async () => {
      const removed = await this.#api.remove(slug, onProgress, signal).catch((error: unknown) => {
        if (error instanceof HqError && error.code === 'not_found') return { archived: null };
        throw error;
      });
      if (id !== null) await this.#options.database.agentRemoved(id, signal);
      this.#paused.delete(slug);
      return removed;
    });
  }

  /** Takes the code, or the id of the request: whoever may not approve must not read codes in payloads. */
  async approvePairing(approval: PairingApproval, signal: AbortSignal): Promise<PairingApproved> {
    const { database, gatewayId } = this.#options;
    const { channel } = approval;
    const code = isUuid(approval.code)
      ? await database.pairingCode(gatewayId, approval.code, signal)
      : approval.code;
    const approved = await this.#api.approvePairing({ channel, code }, signal);
    await database.pairingApproved(gatewayId, channel, code, signal);
    return approved;
  }

  resetSession(slug: string, sessionKey: string | undefined, signal: AbortSignal): Promise<SessionReset> {
    return this.#api.resetSession(slug, sessionKey, signal);
  }

  readSession(slug: string, wanted: SessionToRead, signal: AbortSignal): Promise<SessionTranscript> {
    return this.#api.readSession(slug, wanted, signal);
  }

  /** Waits until OpenClaw answers; a gateway takes a while to start. Throws the reason of the signal. */
  async untilReady(onWait: (sentence: string) => void, signal: AbortSignal): Promise<void> {
    for (let said = ''; ; ) {
      const waiting = await this.#waitingFor(signal);
      if (waiting === null) return;
      if (waiting !== said) onWait(waiting);
      said = waiting;
      await sleep(readyPollMs, signal);
    }
  }

  async #waitingFor(signal: AbortSignal): Promise<string | null> {
    try {
      const status = await this.#options.gateway.status(signal);
      return status.ready ? null : notReady(status);
    } catch (error) {
      if (error instanceof HqError && error.code === 'unreachable') return error.message;
      throw error;
    }
  }

  #hold<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#held.then(work);
    this.#held = result.catch(() => undefined);
    return result;
  }

  /** Returns the milliseconds until the next comparison. */
  async #run(): Promise<number> {
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(limitMs)]);
    try {
      await this.sync({ signal });
      this.#failures = 0;
      this.#setProblem(null);
    } catch (error) {
      if (this.#closed.signal.aborted) return Number.POSITIVE_INFINITY;
      this.#failures += 1;
      const sentence = error instanceof HqError ? error.message : 'The agents could not be compared.';
      if (!(error instanceof HqError)) this.#options.log.error({ err: error }, sentence);
      this.#setProblem(sentence);
      return backoffMs(this.#failures, backoff);
    }
    const isBehind = this.#announcedVersion > this.#comparedVersion;
    return isBehind ? gatherMs : (this.#options.reconcileMs ?? reconcileEveryMs);
  }

  async #compare(request: ComparisonRequest): Promise<Comparison> {
    const { gateway, log } = this.#options;
    const version = this.#announcedVersion;
    const status = await gateway.status(
      AbortSignal.any([request.signal, AbortSignal.timeout(statusLimitMs)]),
    );
    if (!status.ready) throw new HqError('unreachable', notReady(status));
    this.#setConfinement(confinementOf(status.confinement));
    const compared = await compareAgents({ ...this.#options, api: this.#api, paused: this.#paused }, request);
    this.#comparedVersion = Math.max(this.#comparedVersion, version);
    const { applied, problems, unexpected } = compared;
    if (applied.length > 0) {
      log.info({ agents: applied }, 'brought agents up to date');
      this.#options.onApplied?.();
    }
    for (const [agent, problem] of problems) log.warn({ agent }, problem);
    if (unexpected.join() !== this.#unexpected && unexpected.length > 0) {
      log.warn({ agents: unexpected }, 'OpenClaw has agents that HQ did not make');
    }
    this.#unexpected = unexpected.join();
    return compared;
  }

  #setConfinement(confinement: Confinement): void {
    if (JSON.stringify(confinement) === JSON.stringify(this.#confinement)) return;
    this.#confinement = confinement;
    this.#onStateChange();
  }

  #setProblem(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem !== null) this.#options.log.info({ problem }, 'the agents wait');
    else this.#options.log.info('the agents are as the database has them');
    this.#onStateChange();
  }
}

function notReady({ doing }: GatewayStatus): string {
  return `The gateway is starting${doing === null ? '' : ` (${doing})`}.`;
}
