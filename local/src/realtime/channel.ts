import { type Binding, type ResolvedBinding, resolve } from './bindings.ts';
import type { PublishedTable } from './published-tables.ts';
import { type Audience, audienceKey } from './visibility.ts';

export interface ChannelOptions {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly bindings: readonly Binding[];
  readonly audience: Audience;
  readonly token: string;
  readonly onExpired: (channel: Channel, message: string) => void;
}

/** Longest delay of a timer; a token that expires later than in 24 days is checked again then. */
const longestTimerMs = 2 ** 31 - 1;

/** Subscription of one client to one topic. */
export class Channel {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly bindings: readonly Binding[];
  /** Empty for a channel with a binding that cannot be served. */
  bindingsByTable: ReadonlyMap<PublishedTable, readonly ResolvedBinding[]> = new Map();
  audience: Audience;
  /** Equal for channels that may see the same rows. */
  audienceKey: string;
  token: string;
  readonly #onExpired: ChannelOptions['onExpired'];
  #expiry: NodeJS.Timeout | undefined;

  constructor({ topic, joinRef, bindings, audience, token, onExpired }: ChannelOptions) {
    this.topic = topic;
    this.joinRef = joinRef;
    this.bindings = bindings;
    this.#onExpired = onExpired;
    this.audience = audience;
    this.audienceKey = audienceKey(audience);
    this.token = token;
    this.#watchExpiry();
  }

  setAudience(audience: Audience, token: string): void {
    this.audience = audience;
    this.audienceKey = audienceKey(audience);
    this.token = token;
    this.#watchExpiry();
  }

  /** Returns false when a binding cannot be served; then none is, so that the client gets all or nothing. */
  resolve(tables: readonly PublishedTable[]): boolean {
    const byTable = new Map<PublishedTable, ResolvedBinding[]>();
    for (const binding of this.bindings) {
      const resolved = resolve(binding, tables, this.audience);
      if (!resolved) {
        this.bindingsByTable = new Map();
        return false;
      }
      for (const [table, entry] of resolved) byTable.set(table, [...(byTable.get(table) ?? []), entry]);
    }
    this.bindingsByTable = byTable;
    return true;
  }

  end(): void {
    clearTimeout(this.#expiry);
    this.bindingsByTable = new Map();
  }

  #watchExpiry(): void {
    clearTimeout(this.#expiry);
    const { exp } = this.audience.claims;
    if (exp === undefined) return;
    const leftMs = exp * 1000 - Date.now();
    this.#expiry = setTimeout(
      () => {
        if (leftMs > longestTimerMs) this.#watchExpiry();
        else this.#onExpired(this, `Token has expired ${Math.round(Date.now() / 1000 - exp)} seconds ago`);
      },
      Math.min(Math.max(leftMs, 0), longestTimerMs),
    );
    this.#expiry.unref();
  }
}
