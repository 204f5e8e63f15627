import { isDeepStrictEqual } from 'node:util';
import type { AgentConditions } from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { DueLoop } from '@hq/shared/program';
import type { Database } from '../database.ts';
import type { GatewayControl } from '../gateway-control.ts';
import { type AgentsApi, agentsApi } from './agents-api.ts';

export interface ConditionsWatchOptions {
  readonly database: Pick<Database, 'reportAgentHealth'>;
  readonly gatewayId: string;
  readonly gateway: Pick<GatewayControl, 'request' | 'stream'>;
  /** Time limit of a dispatched turn, in seconds. */
  readonly turnSeconds: number;
  readonly log: Log;
  /** Milliseconds between two looks. */
  readonly lookEveryMs?: number | undefined;
}

const usualLookMs = 30_000;
const lookLimitMs = 30_000;
/** Milliseconds after which a report with conditions is sent again: the database ends those of an agent that is paused. */
const repeatMs = 120_000;
const gatherMs = 1_000;

/** Looks at what keeps agents from answering, and reports it when it changes. */
export class ConditionsWatch {
  readonly #options: ConditionsWatchOptions;
  readonly #api: AgentsApi;
  readonly #closed = new AbortController();
  readonly #loop = new DueLoop(() => this.#run());
  #reported: AgentConditions | null = null;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #fault: string | null = null;

  constructor(options: ConditionsWatchOptions) {
    this.#options = options;
    this.#api = agentsApi(options.gateway);
    this.#loop.dueIn(gatherMs);
  }

  /** Looks again soon: agents were changed, or the gateway is back. */
  lookSoon(): void {
    this.#loop.dueIn(gatherMs);
  }

  async close(): Promise<void> {
    this.#closed.abort(new HqError('cancelled', 'the runner stops'));
    await this.#loop.close();
  }

  /** Returns the milliseconds until the next look. */
  async #run(): Promise<number> {
    const { log, lookEveryMs = usualLookMs } = this.#options;
    const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(lookLimitMs)]);
    try {
      await this.#look(signal);
      this.#fault = null;
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      // A gateway that starts is no news: the agents' comparison says so.
      const isUsual = error instanceof HqError && error.code === 'unreachable';
      if (!this.#closed.signal.aborted && fault !== this.#fault) {
        log[isUsual ? 'debug' : 'warn']({ err: error }, 'the health of the agents is not known');
      }
      this.#fault = fault;
    }
    return lookEveryMs;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { database, gatewayId, turnSeconds, log } = this.#options;
    const found = await this.#api.conditions(turnSeconds, signal);
    const hasSome = Object.values(found.agents).some((conditions) => conditions.length > 0);
    const isDue = hasSome && performance.now() - this.#reportedAt > repeatMs;
    const isSame = isDeepStrictEqual(found, this.#reported);
    if (isSame && !isDue) return;
    await database.reportAgentHealth(gatewayId, found.agents, signal);
    this.#reported = found;
    this.#reportedAt = performance.now();
    if (hasSome && !isSame) log.info({ agents: found.agents }, 'agents that do not answer');
  }
}
