import { createHmac } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { OpenClawAnswer, OpenClawCall } from '../openclaw-call.ts';
import type { Stack } from '../stack.ts';
import type { ProviderKey, SyncPlan } from './plan.ts';
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
/** By OpenClaw's agent, by provider: the hash of the key that it was told. */
const note = z.record(z.string(), z.record(z.string(), z.string()));
type Told = z.output<typeof note>;

const agentList = z.object({
  agents: z.array(z.object({ id: z.string(), workspace: z.string().optional() })),
});
const config = z.object({
  config: z.object({
    auth: z.object({ profiles: z.record(z.string(), z.unknown()).default({}) }).optional(),
  }),
});

const firstPauseMs = 2_000;
const longestPauseMs = 60_000;
/** A gateway takes so long to start on a busy machine: until then nothing is wrong. */
const patienceMs = 120_000;
const callsAtOnce = 10;
const callMs = 300_000;

/** The profile under which OpenClaw keeps the key that it is given for a provider. */
export const profileOf = (provider: string) => `${provider}:manual`;

/** Which agent of HQ an agent of OpenClaw is: the last part of the branch that its workspace is the worktree of. */
export function slugOfWorkspace(workspace: string | undefined): string | null {
  return /\/workspace-(?:[a-z0-9-]+\/)?([a-z0-9-]+)\/?$/.exec(workspace ?? '')?.[1] ?? null;
}

/**
 * Brings the keys of model providers into OpenClaw's own model auth, which reads no environment of an agent, and takes
 * away those that HQ itself brought there. Only what differs from what was told before is told; a restart forgets nothing.
 */
export class ProviderKeys implements SyncListener {
  readonly #options: ProviderKeysOptions;
  readonly #closed = new AbortController();
  #plan: SyncPlan | null = null;
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

  synced(plan: SyncPlan, changed: boolean): void {
    this.#plan = plan;
    this.#reload ||= changed;
    this.#tellIn(0);
  }

  problem(): string | null {
    return this.#problem;
  }

  onProblem(listener: () => void): void {
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
        if (this.#plan !== null) this.#tellIn(this.#failures === 0 ? 0 : pauseAfter(this.#failures));
      });
    }, milliseconds);
  }

  async #tell(): Promise<void> {
    const plan = this.#plan;
    const reload = this.#reload;
    if (plan === null) return;
    this.#plan = null;
    this.#reload = false;
    try {
      const told = await this.#readNote();
      if (plan.providerKeys.length > 0 || Object.keys(told).length > 0) await this.#bring(plan, told, reload);
      else if (reload) await this.#call([{ method: 'secrets.reload' }]);
      this.#failures = 0;
      this.#failingSince = null;
      this.#become(null);
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      // What came meanwhile is newer.
      this.#plan ??= plan;
      this.#reload ||= reload;
      this.#failures += 1;
      this.#failingSince ??= performance.now();
      const isPatient = error instanceof HqError && error.code === 'unreachable';
      if (isPatient && performance.now() - this.#failingSince < patienceMs) return;
      const sentence =
        error instanceof HqError ? error.message : 'OpenClaw could not be told of provider keys.';
      if (!(error instanceof HqError)) this.#options.log.error({ err: error }, sentence);
      this.#become(sentence);
    }
  }

  async #bring(plan: SyncPlan, told: Told, reload: boolean): Promise<void> {
    const [listed, configured] = await this.#call([
      { method: 'agents.list' },
      { method: 'config.get' },
      ...(reload ? [{ method: 'secrets.reload' }] : []),
    ]);
    const { agents } = agentList.parse(payloadOf(listed));
    // Whoever emptied OpenClaw's state emptied this as well, and all is to be told anew.
    const profiles = new Set(Object.keys(config.parse(payloadOf(configured)).config.auth?.profiles ?? {}));
    const wanted = new Map(
      agents.map(({ id, workspace }) => [id, keysOf(plan.providerKeys, slugOfWorkspace(workspace))]),
    );
    const removals = removalsOf(told, wanted, plan.unreadProviders);
    // OpenClaw drops a profile for every agent when it drops it for one.
    for (const { provider } of removals) profiles.delete(profileOf(provider));
    const steps = [...removals, ...this.#additionsOf(told, wanted, profiles)];
    // An agent that is gone took its keys with it.
    for (const id of Object.keys(told)) if (!agents.some((agent) => agent.id === id)) delete told[id];

    const refusals: string[] = [];
    for (let at = 0; at < steps.length; at += callsAtOnce) {
      const batch = steps.slice(at, at + callsAtOnce);
      const answers = await this.#call(batch.map(({ call }) => call));
      for (const [index, { agent, provider, hash }] of batch.entries()) {
        const answer = answers[index];
        const isGone = hash === null && answer?.ok === false && answer.code === 'INVALID_REQUEST';
        if (answer?.ok === false && !isGone) {
          refusals.push(`${provider} for ${agent}: ${answer.message}`);
          continue;
        }
        const known = told[agent] ?? {};
        if (hash === null) delete known[provider];
        else known[provider] = hash;
        told[agent] = known;
      }
      await this.#writeNote(told);
    }
    if (steps.length > refusals.length) {
      this.#options.log.info({ keys: steps.length - refusals.length }, 'OpenClaw knows the provider keys');
    }
    if (refusals.length > 0) {
      throw new HqError('failed', `OpenClaw did not take ${refusals.length} provider keys: ${refusals[0]}`);
    }
  }

  #additionsOf(told: Told, wanted: WantedKeys, profiles: ReadonlySet<string>): readonly Step[] {
    const steps: Step[] = [];
    for (const [agent, keys] of wanted) {
      for (const [provider, value] of keys) {
        const hash = createHmac('sha256', this.#options.hashKey)
          .update(`${provider}\0${value}`)
          .digest('hex');
        if (told[agent]?.[provider] === hash && profiles.has(profileOf(provider))) continue;
        const params = { provider, apiKey: value, agentId: agent };
        steps.push({ agent, provider, hash, call: { method: 'models.authSetApiKey', params } });
      }
    }
    return steps;
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

  async #readNote(): Promise<Told> {
    const standing = await this.#inDirectory((directory) => directory.read(noteFile));
    if (standing === null) return {};
    try {
      return note.parse(JSON.parse(standing.text));
    } catch {
      // Cut or changed by somebody: everything is told once more.
      return {};
    }
  }

  async #writeNote(told: Told): Promise<void> {
    const known = Object.fromEntries(Object.entries(told).filter(([, keys]) => Object.keys(keys).length > 0));
    await this.#inDirectory(async (directory) => {
      await directory.write(noteFile, `${JSON.stringify(known)}\n`);
      await directory.settle();
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

interface Step {
  readonly agent: string;
  readonly provider: string;
  /** Null takes the key away. */
  readonly hash: string | null;
  readonly call: OpenClawCall;
}

/** By OpenClaw's agent, by provider. */
type WantedKeys = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What HQ brought and nobody wants any more. */
function removalsOf(told: Told, wanted: WantedKeys, unread: ReadonlySet<string>): readonly Step[] {
  const steps: Step[] = [];
  for (const [agent, keys] of wanted) {
    for (const provider of Object.keys(told[agent] ?? {})) {
      if (keys.has(provider) || unread.has(provider)) continue;
      const params = { provider, profileIds: [profileOf(provider)], agentId: agent };
      steps.push({ agent, provider, hash: null, call: { method: 'models.authLogout', params } });
    }
  }
  return steps;
}

/** The provider keys of one agent: the gateway's, overlaid with its own. */
function keysOf(keys: readonly ProviderKey[], slug: string | null): ReadonlyMap<string, string> {
  const shared = keys.filter(({ agent }) => agent === null);
  const own = keys.filter(({ agent }) => agent !== null && agent === slug);
  return new Map([...shared, ...own].map(({ provider, value }) => [provider, value]));
}

function payloadOf(answer: OpenClawAnswer | undefined): unknown {
  if (answer?.ok === true) return answer.payload;
  throw new HqError('failed', `OpenClaw refused what it was asked: ${answer?.message ?? 'no answer'}.`);
}

function pauseAfter(failures: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 6));
}
