import { basename, dirname } from 'node:path';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { z } from 'zod';
import type { OpenClawAnswer, OpenClawCall } from '../openclaw-call.ts';
import type { Stack } from '../stack.ts';
import {
  type DesiredKeys,
  everyAgent,
  type OpenClawAgent,
  type PushedKeys,
  providerSteps,
  pushedKeys,
} from './provider-steps.ts';
import { EnvDirectory } from './secrets-directory.ts';
import type { SyncListener } from './secrets-sync.ts';

export interface ProviderKeysOptions {
  readonly stack: Pick<Stack, 'callOpenClaw'>;
  /** The directory of the secrets. What was told is noted there, as hashes. */
  readonly path: string;
  /** What the hashes are made with, so that they say nothing to who reads them. */
  readonly hashKey: string;
  readonly log: Log;
}

const noteFile = 'provider-keys.json';
const agentList = z.object({
  agents: z.array(z.object({ id: z.string(), workspace: z.string().optional() })),
});
const settings = z.object({
  config: z.object({
    auth: z.object({ profiles: z.record(z.string(), z.unknown()).default({}) }).optional(),
    models: z.object({ providers: z.record(z.string(), z.unknown()).default({}) }).optional(),
  }),
});
const taken = z.object({ profileId: z.string() });

const firstRetryMs = 2_000;
const longestRetryMs = 60_000;
/** A gateway takes so long to start on a busy machine: until then nothing is wrong. */
const startupGraceMs = 120_000;
const callsAtOnce = 10;
const callMs = 300_000;

/**
 * Brings the keys of model providers into OpenClaw's own model auth, which reads no environment of an agent, and takes
 * away those that HQ itself brought there. Only what differs from what was told before is told; a restart forgets nothing.
 */
export class ProviderKeys implements SyncListener {
  readonly #options: ProviderKeysOptions;
  readonly #closed = new AbortController();
  #wanted: DesiredKeys | null = null;
  #reload = false;
  #running: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #failingSince: number | null = null;
  #problem: string | null = null;
  #onProblem: () => void = () => undefined;

  constructor(options: ProviderKeysOptions) {
    this.#options = options;
  }

  onSynced(keys: DesiredKeys, changed: boolean): void {
    this.#wanted = keys;
    this.#reload ||= changed;
    this.#tellIn(0);
  }

  problem(): string | null {
    return this.#problem;
  }

  onProblemChange(listener: () => void): void {
    this.#onProblem = listener;
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    clearTimeout(this.#timer);
    await this.#running;
  }

  #tellIn(milliseconds: number): void {
    if (this.#closed.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#running ??= this.#tell().finally(() => {
        this.#running = null;
        if (this.#wanted !== null) this.#tellIn(this.#failures === 0 ? 0 : pauseAfter(this.#failures));
      });
    }, milliseconds);
  }

  async #tell(): Promise<void> {
    const wanted = this.#wanted;
    const reload = this.#reload;
    if (wanted === null) return;
    this.#wanted = null;
    this.#reload = false;
    try {
      const told = await this.#readNote();
      if (wanted.providerKeys.length > 0 || Object.keys(told).length > 0)
        await this.#bring(wanted, told, reload);
      else if (reload) await this.#call([{ method: 'secrets.reload' }]);
      this.#failures = 0;
      this.#failingSince = null;
      this.#become(null);
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      // What came meanwhile is newer.
      this.#wanted ??= wanted;
      this.#reload ||= reload;
      this.#failures += 1;
      this.#failingSince ??= performance.now();
      const isPatient = error instanceof HqError && error.code === 'unreachable';
      if (isPatient && performance.now() - this.#failingSince < startupGraceMs) return;
      const sentence =
        error instanceof HqError ? error.message : 'OpenClaw could not be told of provider keys.';
      if (!(error instanceof HqError)) this.#options.log.error({ err: error }, sentence);
      this.#become(sentence);
    }
  }

  async #bring(wanted: DesiredKeys, told: PushedKeys, reload: boolean): Promise<void> {
    const [listed, configured] = await this.#call([
      { method: 'agents.list' },
      { method: 'config.get' },
      ...(reload ? [{ method: 'secrets.reload' }] : []),
    ]);
    const { agents } = agentList.parse(payloadOf(listed));
    const { config } = settings.parse(payloadOf(configured));
    const openclaw = {
      agents,
      // Whoever emptied OpenClaw's state emptied these as well, and all is told anew.
      profiles: new Set(Object.keys(config.auth?.profiles ?? {})),
      configured: new Set(Object.keys(config.models?.providers ?? {})),
    };
    const { steps, impossible } = providerSteps(openclaw, wanted, told, this.#options.hashKey);
    const refusals = [...impossible];
    let done = 0;
    for (let at = 0; at < steps.length; at += callsAtOnce) {
      const batch = steps.slice(at, at + callsAtOnce);
      const answers = await this.#call(batch.map(({ call }) => call));
      for (const [index, { agent, provider, hash }] of batch.entries()) {
        const answer = answers[index];
        const keys = told[agent] ?? {};
        const isGone = answer?.ok === false && answer.code === 'INVALID_REQUEST';
        if (hash === null && (answer?.ok === true || isGone)) delete keys[provider];
        else if (hash !== null && answer?.ok === true) {
          keys[provider] = { hash, profile: taken.parse(answer.payload).profileId };
        } else {
          refusals.push(`${provider} for ${agent}: ${answer?.ok === false ? answer.message : 'no answer'}`);
          continue;
        }
        told[agent] = keys;
        done += 1;
      }
      await this.#writeNote(told, agents);
    }
    if (done > 0) this.#options.log.info({ keys: done }, 'OpenClaw knows the provider keys');
    if (refusals.length > 0) {
      throw new HqError('failed', `OpenClaw did not take ${refusals.length} provider keys: ${refusals[0]}`);
    }
  }

  #call(calls: readonly OpenClawCall[]): Promise<readonly OpenClawAnswer[]> {
    if (calls.length === 0) return Promise.resolve([]);
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(callMs)]);
    return this.#options.stack.callOpenClaw(calls, signal);
  }

  #become(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    if (problem !== null) this.#options.log.warn(problem);
    this.#onProblem();
  }

  async #readNote(): Promise<PushedKeys> {
    const standing = await this.#inDirectory((directory) => directory.read(noteFile));
    if (standing === null) return {};
    try {
      return pushedKeys.parse(JSON.parse(standing.text));
    } catch {
      // Cut or changed by somebody: everything is told once more.
      return {};
    }
  }

  /** An agent that is gone took its keys with it. */
  async #writeNote(told: PushedKeys, agents: readonly OpenClawAgent[]): Promise<void> {
    const known = Object.entries(told).filter(
      ([agent, keys]) =>
        Object.keys(keys).length > 0 && (agent === everyAgent || agents.some(({ id }) => id === agent)),
    );
    await this.#inDirectory(async (directory) => {
      await directory.write(noteFile, `${JSON.stringify(Object.fromEntries(known))}\n`);
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

function payloadOf(answer: OpenClawAnswer | undefined): unknown {
  if (answer?.ok === true) return answer.payload;
  throw new HqError('failed', `OpenClaw refused what it was asked: ${answer?.message ?? 'no answer'}.`);
}

function pauseAfter(failures: number): number {
  return Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 6));
}
