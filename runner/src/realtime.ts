import { type Change, type ChangesState, watchChanges } from '@hq/shared/live';
import { backoffMs, OwnWebSocket } from '@hq/shared/program';
import { RealtimeClient } from '@supabase/supabase-js';
import type { ExchangeResponse } from './exchange.ts';

export interface RealtimeOptions {
  readonly url: string;
  readonly serviceRoleKey: string;
  readonly gatewayId: string;
  /** Called when there may be a command to claim or to cancel. */
  readonly onCommandHint: () => void;
  readonly onGateway: (row: Readonly<Record<string, unknown>>) => void;
  /** The loop polls quickly while Realtime is not trusted. */
  readonly onTrustChange: (trusted: boolean) => void;
  /** Called when a heartbeat would show whether changes arrive. */
  readonly onHeartbeatWanted: () => void;
  /** Milliseconds until a change that did not arrive counts as missed; 5 s by default. */
  readonly echoMs?: number;
}

export type RealtimeTrust = 'joining' | 'lost' | 'unproven' | 'trusted';

const defaultEchoMs = 5_000;
const mostAnnouncedIds = 1_000;

/**
 * Receives new commands by Realtime and judges whether it can be trusted. A joined channel proves nothing: it is trusted
 * once it delivers the runner's own heartbeat, which changes the gateway's row. It loses that trust when a heartbeat does
 * not arrive, or when an exchange returns a command that was not announced.
 */
export class Realtime {
  readonly #options: RealtimeOptions;
  readonly #echoMs: number;
  readonly #client: RealtimeClient;
  readonly #watch: ReturnType<typeof watchChanges>;
  readonly #announced = new Set<string>();
  #state: ChangesState = 'joining';
  #trusted = false;
  /** Database time since which the channel is trusted; commands created earlier may have been missed. */
  #trustedSince: number | null = null;
  #gatewayStatus: unknown;
  #echoTimer: NodeJS.Timeout | undefined;
  #echoedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RealtimeOptions) {
    this.#options = options;
    this.#echoMs = options.echoMs ?? defaultEchoMs;
    const { url, serviceRoleKey, gatewayId } = options;
    const realtime = new RealtimeClient(`${url.replace(/^http/, 'ws')}/realtime/v1`, {
      params: { apikey: serviceRoleKey },
      transport: OwnWebSocket,
      accessToken: () => Promise.resolve(serviceRoleKey),
      heartbeatIntervalMs: 15_000,
      reconnectAfterMs: (tries: number) => backoffMs(tries, { firstMs: 200, longestMs: 2_000 }),
    });
    this.#client = realtime;
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
        onChange: (change) => this.#onChange(change),
        onState: (state) => this.#onState(state),
      },
    );
  }

  trust(): RealtimeTrust {
    if (this.#state !== 'joined') return this.#state;
    return this.#trusted ? 'trusted' : 'unproven';
  }

  /** Expects the change of a heartbeat that the database stored; it may have arrived before the response. */
  onHeartbeatStored(sentAt: number): void {
    if (this.#state !== 'joined' || this.#echoTimer !== undefined || this.#echoedAt >= sentAt) return;
    this.#echoTimer = setTimeout(() => this.#rejoin(), this.#echoMs);
  }

  /** Rejoins when an exchange returned a command that the channel should have announced. */
  onResponse({ now: databaseNow, claimed }: ExchangeResponse): void {
    if (!this.#trusted) return;
    const now = Date.parse(databaseNow);
    this.#trustedSince ??= now;
    for (const command of claimed) {
      const createdAt = Date.parse(command.created_at);
      const isOverdue =
        createdAt > this.#trustedSince && now - createdAt > this.#echoMs && command.attempt === 1;
      if (isOverdue && !this.#announced.has(command.id)) {
        this.#rejoin();
        return;
      }
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#echoTimer);
    await this.#watch.close();
    await this.#client.disconnect();
  }

  #onChange({ table, row, faults }: Change): void {
    if (table === 'gateways') {
      this.#onGatewayChange(row);
      return;
    }
    const isWaiting = row.status === 'pending';
    const isToBeCancelled = row.status === 'running' && row.cancel_requested_at !== null;
    if (isWaiting && typeof row.id === 'string') this.#rememberAnnounced(row.id);
    // A row that was too large to be sent may be any of these.
    if (isWaiting || isToBeCancelled || faults.length > 0) this.#options.onCommandHint();
  }

  #onGatewayChange(row: Change['row']): void {
    this.#echoedAt = performance.now();
    clearTimeout(this.#echoTimer);
    this.#echoTimer = undefined;
    if (!this.#trusted && this.#state === 'joined') {
      this.#trusted = true;
      this.#options.onTrustChange(true);
    }
    if (row.status !== this.#gatewayStatus && this.#gatewayStatus !== undefined)
      this.#options.onCommandHint();
    this.#gatewayStatus = row.status;
    this.#options.onGateway(row);
  }

  #rememberAnnounced(id: string): void {
    this.#announced.add(id);
    for (const oldest of this.#announced) {
      if (this.#announced.size <= mostAnnouncedIds) break;
      this.#announced.delete(oldest);
    }
  }

  #onState(state: ChangesState): void {
    this.#state = state;
    this.#distrust();
    if (state !== 'joined') return;
    this.#options.onCommandHint();
    this.#options.onHeartbeatWanted();
  }

  #distrust(): void {
    clearTimeout(this.#echoTimer);
    this.#echoTimer = undefined;
    if (!this.#trusted) return;
    this.#trusted = false;
    this.#trustedSince = null;
    this.#options.onTrustChange(false);
  }

  #rejoin(): void {
    this.#distrust();
    this.#watch.rejoin();
  }
}
