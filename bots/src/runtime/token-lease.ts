import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import { isoTime } from '@hq/shared/text';
import { z } from 'zod';
import type { Receiver } from '../contract/inbound.ts';
import type { ChatApi } from '../core/api/chat-api.ts';
import { agentTokenConflict, readAgentTokens } from './agent-token-check.ts';
import type { PlatformRuntime } from './platform-runtime.ts';
import type { TokenHolder } from './token-holder.ts';

export interface TokenLeaseOptions {
  readonly client: HqClient;
  readonly api: Pick<ChatApi, 'heartbeat'>;
  readonly holder: TokenHolder;
  readonly runtimes: readonly PlatformRuntime[];
  readonly receiver: Receiver;
  readonly log: Log;
}

const heartbeatEveryMs = 10_000;
const minPauseMs = 500;
const leases = z.array(z.object({ fingerprint: z.string(), held_until: z.string() }));

/** Leases each token to one process: its adapter runs here while this process has the lease. */
export class TokenLease {
  readonly #options: TokenLeaseOptions;
  #heartbeat: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(options: TokenLeaseOptions) {
    this.#options = options;
  }

  /** Reports the adapters to the database, renews the leases, and starts and stops adapters by them. */
  heartbeat(): Promise<void> {
    this.#heartbeat = this.#renew();
    return this.#heartbeat;
  }

  /** Milliseconds until the next heartbeat. */
  pauseMs(): number {
    const now = Date.now();
    // A lease that has ended without an answer is no reason to ask more often.
    const ahead = this.#options.runtimes.flatMap(({ leasedElsewhereUntil: until }) =>
      until !== null && until > now ? [until - now] : [],
    );
    return Math.max(minPauseMs, Math.min(heartbeatEveryMs, ...ahead));
  }

  /** Starts no adapter any more. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Releases all tokens, so that the next process does not wait for their leases to end. */
  async release(): Promise<void> {
    // A heartbeat in progress would lease them again.
    await Promise.allSettled([this.#heartbeat]);
    await this.#report(() => 'stopped');
    this.#options.holder.close();
  }

  async #renew(): Promise<void> {
    const { runtimes, holder } = this.#options;
    await this.#refuseAgentTokens();
    if (runtimes.every(({ isLeased }) => !isLeased)) await holder.takeHostName();
    const { held } = await this.#report((runtime) =>
      runtime.isLeased && runtime.refusal === null ? runtime.adapter.health().state : 'starting',
    );
    if (this.#isStopping) return;
    for (const runtime of runtimes) this.#apply(runtime, held[runtime.platform] === true);
    const waiting = runtimes.filter(({ isLeased }) => !isLeased);
    if (waiting.length > 0) await this.#readLeasesOfOthers(waiting);
  }

  #apply(runtime: PlatformRuntime, isLeased: boolean): void {
    runtime.isLeased = isLeased;
    if (isLeased) runtime.leasedElsewhereUntil = null;
    if (isLeased && !runtime.isStarted && runtime.refusal === null) {
      runtime.isStarted = true;
      void runtime.adapter.start(this.#options.receiver);
    }
    if (!isLeased && runtime.isStarted) {
      this.#options.log.warn({ platform: runtime.platform }, 'another process has taken over the token');
      runtime.isStarted = false;
      void runtime.adapter.stop();
    }
  }

  #report(stateOf: (runtime: PlatformRuntime) => string): ReturnType<ChatApi['heartbeat']> {
    const { api, holder, runtimes } = this.#options;
    return api.heartbeat(
      holder.name(),
      runtimes.map((runtime) => {
        const { detail, install, lastInboundAt, lastOutboundAt } = runtime.adapter.health();
        return {
          platform: runtime.platform,
          fingerprint: runtime.fingerprints[0] ?? '',
          install,
          state: stateOf(runtime),
          detail: runtime.refusal ?? detail,
          last_inbound_at: isoTime(lastInboundAt),
          last_outbound_at: isoTime(lastOutboundAt),
        };
      }),
    );
  }

  /** Refuses a token for as long as an agent uses it as its own channel. */
  async #refuseAgentTokens(): Promise<void> {
    const { client, runtimes, log } = this.#options;
    const agentTokens = await readAgentTokens(client);
    for (const runtime of runtimes) {
      const refusal = agentTokenConflict(runtime.fingerprints, agentTokens);
      if (refusal !== null && runtime.refusal === null) log.error({ platform: runtime.platform }, refusal);
      runtime.refusal = refusal;
      if (refusal === null || !runtime.isStarted) continue;
      await runtime.adapter.stop();
      runtime.isStarted = false;
    }
  }

  async #readLeasesOfOthers(waiting: readonly PlatformRuntime[]): Promise<void> {
    const { client, log } = this.#options;
    const fingerprints = waiting.flatMap((runtime) => runtime.fingerprints[0] ?? []);
    const rows = leases.parse(
      await client.ask<unknown>(
        client.supabase
          .from('chat_adapters')
          .select('fingerprint,held_until')
          .in('fingerprint', fingerprints),
      ),
    );
    for (const runtime of waiting) {
      const lease = rows.find(({ fingerprint }) => fingerprint === runtime.fingerprints[0]);
      // Rows of another tenant are not readable here.
      const leftMs =
        lease === undefined
          ? heartbeatEveryMs
          : Math.max(0, Date.parse(lease.held_until) - client.clock.now());
      if (runtime.leasedElsewhereUntil === null) {
        const seconds = Math.ceil(leftMs / 1000);
        log.warn(
          { platform: runtime.platform, seconds },
          `another process has this token; this one takes over in ${seconds} s if the other one ends`,
        );
      }
      runtime.leasedElsewhereUntil = Date.now() + leftMs;
    }
  }
}
