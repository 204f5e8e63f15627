import type { Change, ChangesState } from '@hq/shared/live';
import { watchChanges } from '@hq/shared/live';
import { RealtimeClient } from '@supabase/supabase-js';
import type { ExchangeResponse } from './exchange.ts';

export interface RealtimeOptions {
  readonly url: string;
  readonly serviceRoleKey: string;
  readonly gatewayId: string;
  /** There may be a command to claim or to cancel. */
  readonly onCommandHint: () => void;
  /** The gateway's row, as it was told. */
  readonly onGateway: (row: Readonly<Record<string, unknown>>) => void;
  /** Whether Realtime can be relied on from now on; the loop polls quickly while it cannot. */
  readonly onTrustChange: (trusted: boolean) => void;
  /** A heartbeat now would show whether changes flow. */
  readonly onHeartbeatWanted: () => void;
}

export type RealtimeTrust = 'joining' | 'lost' | 'unproven' | 'trusted';

/** Longer than a change takes to be told, on a server that tells it at all. */
const echoMs = 5_000;
const remembered = 1_000;

/**
 * Hears of new commands by Realtime and judges whether it can be relied on. A channel that was joined proves nothing: it
 * counts from the moment that it tells of the runner's own heartbeat, which is a change to the gateway's row, and stops
 * counting when a heartbeat is not heard, or when a turn finds a command that was not told of.
 */
export class Realtime {
  readonly #options: RealtimeOptions;
  readonly #client: RealtimeClient;
  readonly #watch: ReturnType<typeof watchChanges>;
  readonly #announced = new Set<string>();
  #state: ChangesState = 'joining';
  #proven = false;
  /** The database's time when the channel was last proven; commands made before may have been missed rightly. */
  #provenSince: number | null = null;
  #gatewayStatus: unknown;
  #echoTimer: NodeJS.Timeout | undefined;
  #echoedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RealtimeOptions) {
    this.#options = options;
    const { url, serviceRoleKey, gatewayId } = options;
    this.#client = new RealtimeClient(`${url.replace(/^http/, 'ws')}/realtime/v1`, {
      params: { apikey: serviceRoleKey },
      accessToken: () => Promise.resolve(serviceRoleKey),
      heartbeatIntervalMs: 15_000,
      reconnectAfterMs: (tries: number) =>
        Math.min(2_000, 200 * 2 ** (tries - 1)) * (0.75 + 0.5 * Math.random()),
    });
    const realtime = this.#client;
    this.#watch = watchChanges(
      {
        realtime: { setAuth: () => realtime.setAuth() },
        channel: (name, channelOptions) => realtime.channel(name, channelOptions),
        removeChannel: (channel) => realtime.removeChannel(channel),
      },
      {
        bindings: [
          { table: 'agent_commands', event: 'INSERT', filter: `gateway_id=eq.${gatewayId}` },
          { table: 'agent_commands', event: 'UPDATE', filter: `gateway_id=eq.${gatewayId}` },
          { table: 'gateways', event: 'UPDATE', filter: `id=eq.${gatewayId}` },
        ],
        onChange: (change) => this.#heard(change),
        onState: (state) => this.#became(state),
      },
    );
  }

  trust(): RealtimeTrust {
    if (this.#state !== 'joined') return this.#state;
    return this.#proven ? 'trusted' : 'unproven';
  }

  /** A heartbeat that was sent then has arrived: the channel is to tell of it, and may have done so before the answer came. */
  onHeartbeatStored(sentAt: number): void {
    if (this.#state !== 'joined' || this.#echoTimer !== undefined || this.#echoedAt >= sentAt) return;
    this.#echoTimer = setTimeout(() => this.#doubt(), echoMs);
  }

  /** Looks whether a turn brought something that the channel should have told of. */
  onExchange(answer: ExchangeResponse): void {
    if (!this.#proven) return;
    const now = Date.parse(answer.now);
    this.#provenSince ??= now;
    for (const command of answer.claimed) {
      const madeAt = Date.parse(command.created_at);
      const wasMissed = madeAt > this.#provenSince && now - madeAt > echoMs && command.attempt === 1;
      if (wasMissed && !this.#announced.has(command.id)) {
        this.#doubt();
        return;
      }
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#echoTimer);
    await this.#watch.close();
    await this.#client.disconnect();
  }

  #heard({ table, row, faults }: Change): void {
    if (table === 'gateways') {
      this.#echoedAt = performance.now();
      clearTimeout(this.#echoTimer);
      this.#echoTimer = undefined;
      this.#prove();
      if (row.status !== this.#gatewayStatus && this.#gatewayStatus !== undefined)
        this.#options.onCommandHint();
      this.#gatewayStatus = row.status;
      this.#options.onGateway(row);
      return;
    }
    const isWaiting = row.status === 'pending';
    const isToBeCancelled = row.status === 'running' && row.cancel_requested_at !== null;
    if (isWaiting && typeof row.id === 'string') {
      this.#announced.add(row.id);
      for (const oldest of this.#announced) {
        if (this.#announced.size <= remembered) break;
        this.#announced.delete(oldest);
      }
    }
    // A row that was too large to be told may be anything.
    if (isWaiting || isToBeCancelled || faults.length > 0) this.#options.onCommandHint();
  }

  #became(state: ChangesState): void {
    this.#state = state;
    this.#distrust();
    if (state !== 'joined') return;
    this.#options.onCommandHint();
    this.#options.onHeartbeatWanted();
  }

  #prove(): void {
    if (this.#proven || this.#state !== 'joined') return;
    this.#proven = true;
    this.#options.onTrustChange(true);
  }

  #distrust(): void {
    clearTimeout(this.#echoTimer);
    this.#echoTimer = undefined;
    if (!this.#proven) return;
    this.#proven = false;
    this.#provenSince = null;
    this.#options.onTrustChange(false);
  }

  #doubt(): void {
    this.#distrust();
    this.#watch.rejoin();
  }
}
