import { basename, dirname } from 'node:path';
import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer } from '@hq/shared/gateway';
import type { Log } from '@hq/shared/log';
import { type Backoff, backoffMs, DueLoop } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { GatewayControl } from '../gateway-control.ts';
import { agentList, type OpenClawAgent, type OpenClawCall, payloadOf } from '../openclaw-call.ts';
import {
  type DesiredKeys,
  everyAgent,
  type ProviderStep,
  type PushedKeys,
  providerSteps,
  pushedKeys,
} from './provider-steps.ts';
import { EnvDirectory } from './secrets-directory.ts';
import type { SyncListener } from './secrets-sync.ts';

export interface ProviderKeysOptions {
  readonly gateway: Pick<GatewayControl, 'calls'>;
  /** Directory of the secrets, where hashes of the pushed keys are recorded. */
  readonly path: string;
  /** Key of these hashes, so that they reveal nothing to a reader of the file. */
  readonly hashKey: string;
  readonly log: Log;
}

const recordFile = 'provider-keys.json';
const openClawConfig = z.object({
  config: z.object({
    auth: z.object({ profiles: z.record(z.string(), z.unknown()).default({}) }).optional(),
    models: z.object({ providers: z.record(z.string(), z.unknown()).default({}) }).optional(),
  }),
});
const pushedKey = z.object({ profileId: z.string() });

const backoff: Backoff = { firstMs: 2_000, longestMs: 60_000 };
/** A gateway may take this long to start on a busy machine; until then no problem is reported. */
const startupGraceMs = 120_000;
const callsAtOnce = 10;
const callMs = 300_000;

/**
 * Pushes keys of model providers into OpenClaw's model auth, which ignores an agent's environment, and removes the ones
 * that HQ pushed before. Only differences to the recorded state are pushed; a restart forgets nothing.
 */
export class ProviderKeys implements SyncListener {
  readonly #options: ProviderKeysOptions;
  readonly #closed = new AbortController();
  #wanted: DesiredKeys | null = null;
  #reload = false;
  readonly #loop = new DueLoop(() => this.#push());
  #failures = 0;
  #failingSince: number | null = null;
  #problem: string | null = null;
  #onProblemChange: () => void = () => undefined;

  constructor(options: ProviderKeysOptions) {
    this.#options = options;
  }

  onSynced(keys: DesiredKeys, changed: boolean): void {
    this.#wanted = keys;
    this.#reload ||= changed;
    this.#loop.dueIn(0);
  }

  problem(): string | null {
    return this.#problem;
  }

  onProblemChange(listener: () => void): void {
    this.#onProblemChange = listener;
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    await this.#loop.close();
  }

  /** Returns the milliseconds until the next attempt. */
  async #push(): Promise<number> {
    const wanted = this.#wanted;
    const reload = this.#reload;
    if (wanted === null) return Number.POSITIVE_INFINITY;
    this.#wanted = null;
    this.#reload = false;
    try {
      const pushed = await this.#readRecord();
      if (wanted.providerKeys.length > 0 || Object.keys(pushed).length > 0)
        await this.#pushDifferences(wanted, pushed, reload);
      else if (reload) await this.#call([{ method: 'secrets.reload' }]);
      this.#failures = 0;
      this.#failingSince = null;
      this.#setProblem(null);
      return Number.POSITIVE_INFINITY;
    } catch (error) {
      if (this.#closed.signal.aborted) return Number.POSITIVE_INFINITY;
      // Keys that were set meanwhile are newer.
      this.#wanted ??= wanted;
      this.#reload ||= reload;
      this.#onFailure(error);
      return backoffMs(this.#failures, backoff);
    }
  }

  #onFailure(error: unknown): void {
    this.#failures += 1;
    this.#failingSince ??= performance.now();
    const mayBeStarting = error instanceof HqError && error.code === 'unreachable';
    if (mayBeStarting && performance.now() - this.#failingSince < startupGraceMs) return;
    const sentence =
      error instanceof HqError ? error.message : 'The provider keys could not be stored in OpenClaw.';
    if (!(error instanceof HqError)) this.#options.log.error({ err: error }, sentence);
    this.#setProblem(sentence);
  }

  async #pushDifferences(wanted: DesiredKeys, pushed: PushedKeys, reload: boolean): Promise<void> {
    const [listed, configured] = await this.#call([
      { method: 'agents.list' },
      { method: 'config.get' },
      ...(reload ? [{ method: 'secrets.reload' }] : []),
    ]);
    const { agents } = agentList.parse(payloadOf(listed));
    const { config } = openClawConfig.parse(payloadOf(configured));
    const openclaw = {
      agents,
      // Emptied when OpenClaw's state is: every key is pushed again then.
      profiles: new Set(Object.keys(config.auth?.profiles ?? {})),
      configured: new Set(Object.keys(config.models?.providers ?? {})),
    };
    const { steps, impossible } = providerSteps(openclaw, wanted, pushed, this.#options.hashKey);
    const refusals = [...impossible];
    for (let at = 0; at < steps.length; at += callsAtOnce) {
      const batch = steps.slice(at, at + callsAtOnce);
      const answers = await this.#call(batch.map(({ call }) => call));
      refusals.push(...batch.flatMap((step, index) => record(pushed, step, answers[index]) ?? []));
      await this.#writeRecord(pushed, agents);
    }
    const done = steps.length - (refusals.length - impossible.length);
    if (done > 0) this.#options.log.info({ keys: done }, 'stored the provider keys in OpenClaw');
    if (refusals.length > 0) {
      throw new HqError('failed', `OpenClaw refused ${refusals.length} provider keys: ${refusals[0]}`);
    }
  }

  #call(calls: readonly OpenClawCall[]): Promise<readonly OpenClawAnswer[]> {
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(callMs)]);
    return this.#options.gateway.calls(calls, signal);
  }

  #setProblem(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem !== null) this.#options.log.warn(problem);
    this.#onProblemChange();
  }

  async #readRecord(): Promise<PushedKeys> {
    const file = await this.#inDirectory((directory) => directory.read(recordFile));
    // Returns nothing for a truncated or edited file: every key is pushed again.
    return pushedKeys.catch({}).parse(parseJson(file?.text ?? ''));
  }

  /** Leaves out agents that no longer exist: OpenClaw removed their keys. */
  async #writeRecord(pushed: PushedKeys, agents: readonly OpenClawAgent[]): Promise<void> {
    const known = Object.entries(pushed).filter(
      ([agent, keys]) =>
        Object.keys(keys).length > 0 && (agent === everyAgent || agents.some(({ id }) => id === agent)),
    );
    await this.#inDirectory(async (directory) => {
      await directory.write(recordFile, `${JSON.stringify(Object.fromEntries(known))}\n`);
      await directory.fsync();
    });
  }

  async #inDirectory<Result>(use: (directory: EnvDirectory) => Promise<Result>): Promise<Result> {
    const { path } = this.#options;
    const directory = await EnvDirectory.open(dirname(path), basename(path));
    try {
      return await use(directory);
    } finally {
      await directory.close();
    }
  }
}

/** Updates `pushed` by the answer to one step. Returns the reason of a refusal, else null. */
function record(
  pushed: PushedKeys,
  { agent, provider, hash }: ProviderStep,
  answer: OpenClawAnswer | undefined,
): string | null {
  const keys = pushed[agent] ?? {};
  const wasGone = answer?.ok === false && answer.code === 'INVALID_REQUEST';
  if (hash === null && (answer?.ok === true || wasGone)) delete keys[provider];
  else if (hash !== null && answer?.ok === true) {
    keys[provider] = { hash, profile: pushedKey.parse(answer.payload).profileId };
  } else {
    return `${provider} for ${agent}: ${answer?.ok === false ? answer.message : 'no answer'}`;
  }
  pushed[agent] = keys;
  return null;
}
