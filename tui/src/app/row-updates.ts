import { type Connection, connectionOf } from '../session/connection.ts';
import type { Feed } from '../session/session.ts';
import { Store } from './store.ts';

/** Milliseconds between two frames for rows that change; a key is answered at once. */
const frameMs = 100;

interface Subscription {
  readonly listeners: Set<() => void>;
  readonly stop: () => void;
}

/** Announces changed rows at most ten times a second, those of every feed together, so that one commit shows them. */
export class RowUpdates {
  /** Of the feeds that components read. */
  readonly connection = new Store<Connection>(connectionOf([]));
  readonly #subscriptions = new Map<Feed<unknown>, Subscription>();
  readonly #changed = new Set<Feed<unknown>>();
  #announcedAt = 0;
  #timer: NodeJS.Timeout | null = null;

  subscribe(feed: Feed<unknown>, listener: () => void): () => void {
    const known = this.#subscriptions.get(feed);
    const listeners = known?.listeners ?? new Set<() => void>();
    listeners.add(listener);
    if (known === undefined) {
      this.#subscriptions.set(feed, { listeners, stop: feed.subscribe(() => this.#soon(feed)) });
      this.#checkConnection();
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      this.#subscriptions.get(feed)?.stop();
      this.#subscriptions.delete(feed);
      this.#changed.delete(feed);
      this.#checkConnection();
    };
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #soon(feed: Feed<unknown>): void {
    this.#changed.add(feed);
    const pause = Math.max(0, this.#announcedAt + frameMs - Date.now());
    this.#timer ??= setTimeout(() => this.#announce(), pause);
  }

  #announce(): void {
    this.#timer = null;
    this.#announcedAt = Date.now();
    const feeds = [...this.#changed];
    this.#changed.clear();
    const listeners = feeds.flatMap((feed) => [...(this.#subscriptions.get(feed)?.listeners ?? [])]);
    for (const listener of listeners) listener();
    this.#checkConnection();
  }

  #checkConnection(): void {
    const next = connectionOf([...this.#subscriptions.keys()].map((feed) => feed.getSnapshot()));
    const { status, asOf, reason } = this.connection.get();
    if (next.status !== status || next.asOf !== asOf || next.reason !== reason) this.connection.set(next);
  }
}
