import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import { isoTime } from '@hq/shared/text';
import { z } from 'zod';
import type { Receiver } from '../contract/inbound.ts';
import type { ChatApi } from '../core/api/chat-api.ts';
import { agentTokenConflict, readAgentTokens } from './agent-token-check.ts';
import type { PlatformRuntime } from './platform-runtime.ts';
import type { TokenHolder } from './token-holder.ts';

/** Sees to it that each token has one consumer: this process, or another one. */
export interface TokenLease {
  /** Tells the database how the adapters are, and starts and stops them by whose their tokens are. */
  heartbeat(): Promise<void>;
  /** How long until the next beat is worth it. */
  pauseMs(): number;
  /** Lets all tokens go. */
  release(): Promise<void>;
}

export interface TokenLeaseOptions {
  readonly client: HqClient;
  readonly api: Pick<ChatApi, 'heartbeat'>;
  readonly holder: TokenHolder;
  readonly runtimes: readonly PlatformRuntime[];
  readonly receiver: Receiver;
  /** Somebody wants the program to end: nothing is started any more. */
  readonly isStopping: () => boolean;
  readonly log: Log;
}

const beatEveryMs = 10_000;
const leastPauseMs = 500;
const leases = z.array(z.object({ fingerprint: z.string(), held_until: z.string() }));

export function createTokenLease(options: TokenLeaseOptions): TokenLease {
  const { client, api, holder, runtimes, receiver, isStopping, log } = options;
  let beating: Promise<void> = Promise.resolve();

  const tell = (state: (runtime: PlatformRuntime) => string): ReturnType<ChatApi['heartbeat']> =>
    api.heartbeat(
      holder.name(),
      runtimes.map((runtime) => {
        const { detail, install, lastInboundAt, lastOutboundAt } = runtime.adapter.health();
        return {
          platform: runtime.platform,
          fingerprint: runtime.fingerprints[0] ?? '',
          install,
          state: state(runtime),
          detail: runtime.refusal ?? detail,
          last_inbound_at: isoTime(lastInboundAt),
          last_outbound_at: isoTime(lastOutboundAt),
        };
      }),
    );

  /** A token that an agent uses as its own channel is refused for as long as it does. */
  async function refuseTokensOfAgents(): Promise<void> {
    const used = await readAgentTokens(client);
    for (const runtime of runtimes) {
      const refusal = agentTokenConflict(runtime.fingerprints, used);
      if (refusal === null) {
        runtime.refusal = null;
        continue;
      }
      if (runtime.refusal === null) log.error({ platform: runtime.platform }, refusal);
      runtime.refusal = refusal;
      if (!runtime.isStarted) continue;
      await runtime.adapter.stop();
      runtime.isStarted = false;
    }
  }

  async function lookWhoHas(waiting: readonly PlatformRuntime[]): Promise<void> {
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
      // Another HQ's rows are not ours to read.
      const leftMs =
        lease === undefined ? beatEveryMs : Math.max(0, Date.parse(lease.held_until) - client.clock.now());
      if (runtime.leasedElsewhereUntil === null) {
        const seconds = Math.ceil(leftMs / 1000);
        log.warn(
          { platform: runtime.platform, seconds },
          `another process has this token; this one takes over in ${seconds} s if that one says nothing any more`,
        );
      }
      runtime.leasedElsewhereUntil = Date.now() + leftMs;
    }
  }

  async function beat(): Promise<void> {
    await refuseTokensOfAgents();
    if (runtimes.every(({ isLeased }) => !isLeased)) await holder.takeHostName();
    const { held } = await tell((runtime) =>
      runtime.isLeased && runtime.refusal === null ? runtime.adapter.health().state : 'starting',
    );
    if (isStopping()) return;
    for (const runtime of runtimes) {
      runtime.isLeased = held[runtime.platform] === true;
      if (runtime.isLeased) runtime.leasedElsewhereUntil = null;
      if (runtime.isLeased && !runtime.isStarted && runtime.refusal === null) {
        runtime.isStarted = true;
        void runtime.adapter.start(receiver);
      }
      if (!runtime.isLeased && runtime.isStarted) {
        log.warn({ platform: runtime.platform }, 'another process has taken the token over');
        runtime.isStarted = false;
        void runtime.adapter.stop();
      }
    }
    const waiting = runtimes.filter(({ isLeased }) => !isLeased);
    if (waiting.length > 0) await lookWhoHas(waiting);
  }

  return {
    heartbeat() {
      beating = beat();
      return beating;
    },
    pauseMs() {
      const now = Date.now();
      // A time that has passed without an answer is no reason to ask more often.
      const ahead = runtimes.flatMap(({ leasedElsewhereUntil: until }) =>
        until !== null && until > now ? [until - now] : [],
      );
      return Math.max(leastPauseMs, Math.min(beatEveryMs, ...ahead));
    },
    async release() {
      // One that is on its way would take them again.
      await Promise.allSettled([beating]);
      await tell(() => 'stopped');
      holder.close();
    },
  };
}
