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

/** Reason why a command does not start. */
interface Reason {
  readonly kind: 'unseen' | 'stale' | 'paused' | 'no-runner';
  readonly sentence: string;
}

/** Returns why a gateway does not take a waiting command; null where nothing is known. */
function waitingReason({ action }: CommandRow, gateway: GatewayRow, now: number): Reason | null {
  const slug = plain(gateway.slug);
  const { status, last_seen_at, meta } = gateway;
  const known: Action | null = isRunnerActionName(action) ? catalogue[action] : null;
  if (last_seen_at === null) {
    return { kind: 'unseen', sentence: `${slug} was never seen: no runner has reported from it yet.` };
  }
  if (gatewayCondition({ ...gateway, status: 'ready' }, now) === 'stale') {
    const seen = agoOf(last_seen_at, now);
    return {
      kind: 'stale',
      sentence: `${slug} is offline, last seen ${seen}: its runner is stopped or cannot reach this HQ.`,
    };
  }
  if ((status === 'paused' || status === 'hibernating') && known?.whilePaused !== true) {
    const resume = `\`hq-tui run resume_gateway --gateway ${slug}\` lets it run.`;
    return { kind: 'paused', sentence: `${slug} is ${status}. ${resume}` };
  }
  if (known === null || meta.runner !== undefined || servedByOlderDaemons.has(action)) return null;
  return {
    kind: 'no-runner',
    sentence: `Nothing on ${slug} runs ${action}: no hq-runner reports from it, only a daemon of an older HQ.`,
  };
}

/** Tells why a command waits: at once, and whenever the reason changes. */
export class WaitingReasons {
  readonly #client: HqClient;
  readonly #say: (sentence: string) => void;
  readonly #timer: NodeJS.Timeout;
  #gateway: LiveQuery<GatewayRow> | null = null;
  #command: CommandRow | null = null;
  #reason: Reason | null = null;

  constructor(client: HqClient, say: (sentence: string) => void) {
    this.#client = client;
    this.#say = say;
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
  }

  /** The present reason as a sentence. */
  get sentence(): string | null {
    return this.#reason?.sentence ?? null;
  }

  onCommand(command: CommandRow): void {
    this.#command = command;
    if (this.#gateway === null && command.status === 'pending' && command.gateway_id !== null) {
      this.#gateway = liveGateway(this.#client, command.gateway_id);
      this.#gateway.subscribe(() => this.#look());
    }
    this.#look();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#gateway?.close();
  }

  #look(): void {
    const [gateway] = this.#gateway?.getSnapshot().rows ?? [];
    const command = this.#command;
    const isWaiting = command?.status === 'pending' && command.cancel_requested_at === null;
    const reason =
      isWaiting && gateway !== undefined ? waitingReason(command, gateway, this.#client.clock.now()) : null;
    if (reason !== null && reason.kind !== this.#reason?.kind) this.#say(`It waits: ${reason.sentence}`);
    this.#reason = reason;
  }
}
