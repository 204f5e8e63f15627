import type { HqClient } from '@hq/shared/client';
import type { Log } from '@hq/shared/log';
import { z } from 'zod';
import type { Receiver } from '../contract/inbound.ts';
import type { ChatHq } from '../core/api/chat-api.ts';
import { refusalOf, tokensOfAgents } from './agent-token-check.ts';
import { momentOf } from './iso-time.ts';
import type { Unit } from './platform-runtime.ts';
import type { Holder } from './token-holder.ts';

/** Sees to it that each token has one consumer: this process, or another one. */
export interface TokenUse {
  /** Tells the database how the adapters are, and starts and stops them by whose their tokens are. */
  beat(): Promise<void>;
  /** How long until the next beat is worth it. */
  pauseMs(): number;
  /** Lets all tokens go. */
  letGo(): Promise<void>;
}

export interface TokenUseOptions {
  readonly client: HqClient;
  readonly hq: Pick<ChatHq, 'beat'>;
  readonly holder: Holder;
  readonly units: readonly Unit[];
  readonly receiver: Receiver;
  /** Somebody wants the program to end: nothing is started any more. */
  readonly isStopping: () => boolean;
  readonly log: Log;
}

const beatEveryMs = 10_000;
const leastPauseMs = 500;
const leases = z.array(z.object({ fingerprint: z.string(), held_until: z.string() }));

export function createTokenUse(options: TokenUseOptions): TokenUse {
  const { client, hq, holder, units, receiver, isStopping, log } = options;
  let beating: Promise<void> = Promise.resolve();

  const tell = (state: (unit: Unit) => string): ReturnType<ChatHq['beat']> =>
    hq.beat(
      holder.name(),
      units.map((unit) => {
        const { detail, install, lastInboundAt, lastOutboundAt } = unit.adapter.health();
        return {
          platform: unit.platform,
          fingerprint: unit.fingerprints[0] ?? '',
          install,
          state: state(unit),
          detail: unit.refusal ?? detail,
          last_inbound_at: momentOf(lastInboundAt),
          last_outbound_at: momentOf(lastOutboundAt),
        };
      }),
    );

  /** A token that an agent uses as its own channel is refused for as long as it does. */
  async function refuseTokensOfAgents(): Promise<void> {
    const used = await tokensOfAgents(client);
    for (const unit of units) {
      const refusal = refusalOf(unit.fingerprints, used);
      if (refusal === null) {
        unit.refusal = null;
        continue;
      }
      if (unit.refusal === null) log.error({ platform: unit.platform }, refusal);
      unit.refusal = refusal;
      if (!unit.isStarted) continue;
      await unit.adapter.stop();
      unit.isStarted = false;
    }
  }

  async function lookWhoHas(waiting: readonly Unit[]): Promise<void> {
    const fingerprints = waiting.flatMap((unit) => unit.fingerprints[0] ?? []);
    const rows = leases.parse(
      await client.ask<unknown>(
        client.supabase
          .from('chat_adapters')
          .select('fingerprint,held_until')
          .in('fingerprint', fingerprints),
      ),
    );
    for (const unit of waiting) {
      const lease = rows.find(({ fingerprint }) => fingerprint === unit.fingerprints[0]);
      // Another HQ's rows are not ours to read.
      const leftMs =
        lease === undefined ? beatEveryMs : Math.max(0, Date.parse(lease.held_until) - client.clock.now());
      if (unit.heldElsewhereUntil === null) {
        const seconds = Math.ceil(leftMs / 1000);
        log.warn(
          { platform: unit.platform, seconds },
          `another process has this token; this one takes over in ${seconds} s if that one says nothing any more`,
        );
      }
      unit.heldElsewhereUntil = Date.now() + leftMs;
    }
  }

  async function beat(): Promise<void> {
    await refuseTokensOfAgents();
    if (units.every(({ isHeld }) => !isHeld)) await holder.takeHostName();
    const { held } = await tell((unit) =>
      unit.isHeld && unit.refusal === null ? unit.adapter.health().state : 'starting',
    );
    if (isStopping()) return;
    for (const unit of units) {
      unit.isHeld = held[unit.platform] === true;
      if (unit.isHeld) unit.heldElsewhereUntil = null;
      if (unit.isHeld && !unit.isStarted && unit.refusal === null) {
        unit.isStarted = true;
        void unit.adapter.start(receiver);
      }
      if (!unit.isHeld && unit.isStarted) {
        log.warn({ platform: unit.platform }, 'another process has taken the token over');
        unit.isStarted = false;
        void unit.adapter.stop();
      }
    }
    const waiting = units.filter(({ isHeld }) => !isHeld);
    if (waiting.length > 0) await lookWhoHas(waiting);
  }

  return {
    beat() {
      beating = beat();
      return beating;
    },
    pauseMs() {
      const now = Date.now();
      // A time that has passed without an answer is no reason to ask more often.
      const ahead = units.flatMap(({ heldElsewhereUntil: until }) =>
        until !== null && until > now ? [until - now] : [],
      );
      return Math.max(leastPauseMs, Math.min(beatEveryMs, ...ahead));
    },
    async letGo() {
      // One that is on its way would take them again.
      await Promise.allSettled([beating]);
      await tell(() => 'stopped');
      holder.close();
    },
  };
}
