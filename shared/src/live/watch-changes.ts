import type { RealtimeChannel, RealtimeChannelOptions } from '@supabase/supabase-js';
import { backoffMs } from '../program/backoff.ts';

/** The part of a supabase-js client that a watch needs. */
export interface ChangesClient {
  channel(name: string, options?: RealtimeChannelOptions): RealtimeChannel;
  removeChannel(channel: RealtimeChannel): Promise<unknown>;
  readonly realtime: { setAuth(): Promise<void> };
}

export interface ChangeBinding {
  readonly table: string;
  /** All three by default. */
  readonly event?: 'INSERT' | 'UPDATE' | 'DELETE';
  /** A Realtime filter, such as `command_id=eq.…`. */
  readonly filter?: string;
}

export interface Change {
  readonly table: string;
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE';
  /** The whole new row; empty for a delete. */
  readonly row: Readonly<Record<string, unknown>>;
  /** At least the key of the row that was deleted. */
  readonly old: Readonly<Record<string, unknown>>;
  /** The server's reasons for an incomplete row, such as its size; empty otherwise. */
  readonly faults: readonly string[];
}

/** `joined` may come again without `lost` before it: a read from before may have missed changes. */
export type ChangesState = 'joining' | 'joined' | 'lost';

export interface WatchOptions {
  readonly bindings: readonly ChangeBinding[];
  readonly onChange: (change: Change) => void;
  readonly onState: (state: ChangesState) => void;
}

export type Watch = Pick<ChannelWatch, 'state' | 'rejoin' | 'close'>;

const rejoin = { firstMs: 250, longestMs: 10_000 };
/** The library rejoins by itself when the socket is back; a channel that has not joined by then is replaced. */
const replaceAfterMs = 20_000;
/** The time in which a server confirms that events flow. Older servers never confirm it. */
const confirmationMs = 1_500;

let channelNumber = 0;

/**
 * Subscribes one channel and keeps it: it joins with the caller's own token, notices every way of being lost, and joins
 * again after growing pauses. It never throws. No event comes for a change between `lost` and `joined`: read the table
 * at every `joined`.
 */
export function watchChanges(client: ChangesClient, options: WatchOptions): Watch {
  return new ChannelWatch(client, options);
}

class ChannelWatch {
  readonly #client: ChangesClient;
  readonly #options: WatchOptions;
  #state: ChangesState = 'joining';
  #isClosed = false;
  #failures = 0;
  #channel: RealtimeChannel | null = null;
  /** Ends with the replacement of the channel. */
  #replaceTimer: NodeJS.Timeout | null = null;
  /** Ends with a join that counts although the server did not confirm it. */
  #confirmTimer: NodeJS.Timeout | null = null;

  constructor(client: ChangesClient, options: WatchOptions) {
    this.#client = client;
    this.#options = options;
    void this.#join();
  }

  state(): ChangesState {
    return this.#state;
  }

  /** Replaces the channel by a new one: for a channel that is joined but silent. */
  rejoin(): void {
    if (this.#isClosed) return;
    this.#become('lost');
    this.#replace();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimers();
    await this.#dropChannel();
  }

  async #join(): Promise<void> {
    this.#stopTimers();
    try {
      // A channel keeps the token that it was made with, so the token comes first.
      await this.#client.realtime.setAuth();
      if (this.#isClosed) return;
      this.#subscribe(this.#openChannel());
    } catch {
      // Without a token or a socket the channel is as good as lost.
      if (!this.#isClosed) this.#lose('for good');
    }
  }

  #openChannel(): RealtimeChannel {
    channelNumber += 1;
    const table = this.#options.bindings[0]?.table ?? 'changes';
    const channel = this.#client.channel(`hq:${table}:${channelNumber}`, {
      config: { postgres_changes_options: { wait: true } },
    });
    this.#channel = channel;
    return channel;
  }

  #subscribe(channel: RealtimeChannel): void {
    const isCurrent = (): boolean => !this.#isClosed && this.#channel === channel;
    for (const binding of this.#options.bindings) this.#listen(channel, binding, isCurrent);
    channel.on('system', {}, (message: { extension?: unknown; status?: unknown }) => {
      if (!isCurrent()) return;
      if (message.status === 'error') this.#lose('for good');
      else if (message.status === 'ok' && message.extension === 'postgres_changes') this.#confirm();
    });
    channel.subscribe((status) => {
      if (!isCurrent()) return;
      if (status === 'SUBSCRIBED') {
        if (this.#state !== 'joined')
          this.#confirmTimer ??= setTimeout(() => this.#confirm(), confirmationMs);
      } else if (status === 'CLOSED') this.#lose('for good');
      else this.#lose('until the socket is back');
    });
  }

  #listen(channel: RealtimeChannel, binding: ChangeBinding, isCurrent: () => boolean): void {
    const { table, filter, event = '*' } = binding;
    channel.on<Record<string, unknown>>(
      'postgres_changes',
      { event, schema: 'public', table, ...(filter === undefined ? {} : { filter }) },
      (message) => {
        if (!isCurrent()) return;
        this.#options.onChange({
          table: message.table,
          type: message.eventType,
          row: message.new,
          old: message.old,
          faults: message.errors ?? [],
        });
      },
    );
  }

  #confirm(): void {
    this.#failures = 0;
    this.#stopTimers();
    this.#become('joined');
  }

  #lose(duration: 'until the socket is back' | 'for good'): void {
    this.#become('lost');
    if (this.#confirmTimer !== null) clearTimeout(this.#confirmTimer);
    this.#confirmTimer = null;
    if (duration === 'for good') this.#replace();
    // One timer for all failures, or a channel that fails often enough would never be replaced.
    else this.#replaceTimer ??= setTimeout(() => this.#replace(), replaceAfterMs);
  }

  #replace(): void {
    this.#stopTimers();
    void this.#dropChannel();
    this.#failures += 1;
    this.#replaceTimer = setTimeout(() => void this.#join(), backoffMs(this.#failures, rejoin));
  }

  #become(next: ChangesState): void {
    if (this.#isClosed || (this.#state === next && next !== 'joined')) return;
    this.#state = next;
    this.#options.onState(next);
  }

  #stopTimers(): void {
    if (this.#replaceTimer !== null) clearTimeout(this.#replaceTimer);
    if (this.#confirmTimer !== null) clearTimeout(this.#confirmTimer);
    this.#replaceTimer = this.#confirmTimer = null;
  }

  async #dropChannel(): Promise<void> {
    const dropped = this.#channel;
    this.#channel = null;
    // Leaving a channel fails if its socket is gone, which is harmless.
    if (dropped !== null) await this.#client.removeChannel(dropped).catch(() => undefined);
  }
}
