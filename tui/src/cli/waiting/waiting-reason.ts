import { type Action, catalogue, isRunnerActionName } from '@hq/shared/actions';
import type { HqClient } from '@hq/shared/client';
import { gatewayCondition } from '@hq/shared/fleet';
import type { LiveQuery } from '@hq/shared/live';
import { liveGateway } from '@hq/shared/queries';
import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import { agoOf, plain } from '@hq/shared/text';

/** A gateway is stale by the time alone, without a change of its row. */
const lookEveryMs = 5_000;

/** Actions that a daemon of an older HQ runs too. */
const servedByOlderDaemons = new Set(['restart_gateway', 'restart_dispatcher']);

/** Reason why a gateway does nothing for somebody who waits. */
interface Reason {
  readonly kind: 'unseen' | 'stale' | 'paused' | 'no-runner';
  readonly sentence: string;
}

/** Returns why nothing answers from a gateway; null where something does. */
export function silenceReason(gateway: GatewayRow, now: number): Reason | null {
  const slug = plain(gateway.slug);
  if (gateway.last_seen_at === null) {
    return { kind: 'unseen', sentence: `${slug} was never seen: no runner has reported from it yet.` };
  }
  if (gatewayCondition({ ...gateway, status: 'ready' }, now) !== 'stale') return null;
  const seen = agoOf(gateway.last_seen_at, now);
  return {
    kind: 'stale',
    sentence: `${slug} is offline, last seen ${seen}: its runner is stopped or cannot reach this HQ.`,
  };
}

/** Returns why a gateway does not take a waiting command; null where nothing is known. */
export function waitingReason(
  { action, status, cancel_requested_at }: CommandRow,
  gateway: GatewayRow,
  now: number,
): Reason | null {
  if (status !== 'pending' || cancel_requested_at !== null) return null;
  const silence = silenceReason(gateway, now);
  if (silence !== null) return silence;
  const slug = plain(gateway.slug);
  const known: Action | null = isRunnerActionName(action) ? catalogue[action] : null;
  const isPaused = gateway.status === 'paused' || gateway.status === 'hibernating';
  if (isPaused && known?.whilePaused !== true) {
    const resume = `\`hq-tui run resume_gateway --gateway ${slug}\` lets it run.`;
    return { kind: 'paused', sentence: `${slug} is ${gateway.status}. ${resume}` };
  }
  if (known === null || gateway.meta.runner !== undefined || servedByOlderDaemons.has(action)) return null;
  return {
    kind: 'no-runner',
    sentence: `Nothing on ${slug} runs ${action}: no hq-runner reports from it, only a daemon of an older HQ.`,
  };
}

/** Tells why a gateway lets somebody wait: at once, and whenever the reason changes. */
export class WaitingReasons {
  readonly #client: HqClient;
  readonly #reasonOf: (gateway: GatewayRow, now: number) => Reason | null;
  readonly #say: (sentence: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #gateway: LiveQuery<GatewayRow> | null = null;
  #reason: Reason | null = null;

  constructor(
    client: HqClient,
    reasonOf: (gateway: GatewayRow, now: number) => Reason | null,
    say: (sentence: string) => void,
  ) {
    this.#client = client;
    this.#reasonOf = reasonOf;
    this.#say = say;
  }

  /** The present reason as a sentence. */
  get sentence(): string | null {
    return this.#reason?.sentence ?? null;
  }

  /** Begins with the first call. */
  watch(gatewayId: string): void {
    if (this.#gateway !== null) return;
    this.#gateway = liveGateway(this.#client, gatewayId);
    this.#gateway.subscribe(() => this.look());
    this.#timer = setInterval(() => this.look(), lookEveryMs);
  }

  /** To be called when something else that the reason depends on has changed. */
  look(): void {
    const [gateway] = this.#gateway?.getSnapshot().rows ?? [];
    const reason = gateway === undefined ? null : this.#reasonOf(gateway, this.#client.clock.now());
    if (reason !== null && reason.kind !== this.#reason?.kind) this.#say(`It waits: ${reason.sentence}`);
    this.#reason = reason;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#gateway?.close();
  }
}
