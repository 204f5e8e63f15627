import { type Binding, type ResolvedBinding, resolve } from './bindings.ts';
import type { PublishedTable } from './published-tables.ts';
import { type Audience, audienceKey } from './visibility.ts';

export interface ChannelOptions {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly bindings: readonly Binding[];
  readonly audience: Audience;
  readonly token: string;
  readonly onExpired: (channel: Channel, sentence: string) => void;
}

/** The longest that a timer can wait; a token that lives longer than 24 days is looked at again then. */
const longestTimerMs = 2 ** 31 - 1;

/** What one client listens to under one topic, and who it is. */
export class Channel {
  readonly topic: string;
  readonly joinRef: string | null;
  readonly bindings: readonly Binding[];
  /** By table; empty for a channel that asked for what cannot be told. */
  bindingsByTable: ReadonlyMap<PublishedTable, readonly ResolvedBinding[]> = new Map();
  audience: Audience;
  /** Channels with the same are told the same. */
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

  /** False when one of the bindings cannot be served; then none is, so that the client does not wait for half of it. */
  resolve(tables: readonly PublishedTable[]): boolean {
    const wanted = new Map<PublishedTable, ResolvedBinding[]>();
    for (const binding of this.bindings) {
      const resolved = resolve(binding, tables, this.audience);
      if (!resolved) {
        this.bindingsByTable = new Map();
        return false;
      }
      for (const [table, entry] of resolved) wanted.set(table, [...(wanted.get(table) ?? []), entry]);
    }
    this.bindingsByTable = wanted;
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
