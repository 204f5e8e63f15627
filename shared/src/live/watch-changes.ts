import type { RealtimeChannel, RealtimeChannelOptions } from '@supabase/supabase-js';

/** What a change watcher needs of a supabase-js client, whoever's key it holds. */
export interface ChangesClient {
  channel(name: string, options?: RealtimeChannelOptions): RealtimeChannel;
  removeChannel(channel: RealtimeChannel): Promise<unknown>;
  readonly realtime: { setAuth(): Promise<void> };
}

export interface ChangeBinding {
  readonly table: string;
  /** `INSERT`, `UPDATE`, `DELETE`; all of them where left out. */
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
  /** Why the server could not send the whole row, such as its size; empty otherwise. */
  readonly faults: readonly string[];
}

/** `joined` may come again without `lost` before it: whatever was read until then may have missed something. */
export type ChangesState = 'joining' | 'joined' | 'lost';

export interface WatchOptions {
  readonly bindings: readonly ChangeBinding[];
  readonly onChange: (change: Change) => void;
  readonly onState: (state: ChangesState) => void;
}

export interface Watch {
  state(): ChangesState;
  /** Throws the channel away and joins anew: for a channel that is joined but tells nothing. */
  rejoin(): void;
  close(): Promise<void>;
}

const shortestRejoinMs = 250;
const longestRejoinMs = 10_000;
/** The library rejoins by itself after the socket is back; a channel that has not managed by then is replaced. */
const replaceAfterMs = 20_000;
/** How long after the join a server may take to say that changes flow. Older servers never say it. */
const confirmationMs = 1_500;

let channelNumber = 0;

/**
 * One channel that stays: it joins with the caller's own token, notices every way of being lost, and joins again with
 * growing pauses. It never throws. A change between `lost` and `joined` is not told: read the table at every `joined`.
 */
export function watchChanges(client: ChangesClient, options: WatchOptions): Watch {
  let state: ChangesState = 'joining';
  let closed = false;
  let failures = 0;
  let channel: RealtimeChannel | null = null;
  /** Until the channel is replaced, and until a join counts that nobody has confirmed. */
  let replaceTimer: NodeJS.Timeout | null = null;
  let confirmTimer: NodeJS.Timeout | null = null;

  function become(next: ChangesState): void {
    if (closed || (state === next && next !== 'joined')) return;
    state = next;
    options.onState(next);
  }

  function stopTimers(): void {
    if (replaceTimer !== null) clearTimeout(replaceTimer);
    if (confirmTimer !== null) clearTimeout(confirmTimer);
    replaceTimer = confirmTimer = null;
  }

  function dropChannel(): Promise<unknown> {
    const dropped = channel;
    channel = null;
    if (dropped === null) return Promise.resolve();
    // Leaving a channel whose socket is gone fails, and there is nobody left to tell.
    return client.removeChannel(dropped).catch(() => undefined);
  }

  function replace(): void {
    stopTimers();
    void dropChannel();
    const pause = Math.min(longestRejoinMs, shortestRejoinMs * 2 ** failures) * (0.5 + Math.random());
    failures += 1;
    replaceTimer = setTimeout(() => void join(), pause);
  }

  function confirm(): void {
    failures = 0;
    stopTimers();
    become('joined');
  }

  function lose(howLong: 'until the socket is back' | 'for good'): void {
    become('lost');
    if (confirmTimer !== null) clearTimeout(confirmTimer);
    confirmTimer = null;
    if (howLong === 'for good') replace();
    // Not anew for every failure, or a channel that fails often enough would never be replaced.
    else replaceTimer ??= setTimeout(replace, replaceAfterMs);
  }

  async function join(): Promise<void> {
    stopTimers();
    try {
      // A channel keeps the token that it was made with: it must be known before.
      await client.realtime.setAuth();
      if (closed) return;
      channelNumber += 1;
      const joining = client.channel(`hq:${options.bindings[0]?.table ?? 'changes'}:${channelNumber}`, {
        config: { postgres_changes_options: { wait: true } },
      });
      channel = joining;
      const isCurrent = (): boolean => !closed && channel === joining;
      for (const binding of options.bindings) listen(joining, binding, isCurrent);
      joining.on('system', {}, (message: { extension?: unknown; status?: unknown }) => {
        if (!isCurrent()) return;
        if (message.status === 'error') lose('for good');
        else if (message.status === 'ok' && message.extension === 'postgres_changes') confirm();
      });
      joining.subscribe((status) => {
        if (!isCurrent()) return;
        if (status === 'SUBSCRIBED') {
          if (state !== 'joined') confirmTimer ??= setTimeout(confirm, confirmationMs);
        } else if (status === 'CLOSED') lose('for good');
        else lose('until the socket is back');
      });
    } catch {
      // No token or no socket to be had now: the same as a channel that was lost.
      if (!closed) lose('for good');
    }
  }

  function listen(on: RealtimeChannel, binding: ChangeBinding, isCurrent: () => boolean): void {
    const { table, filter, event = '*' } = binding;
    on.on<Record<string, unknown>>(
      'postgres_changes',
      { event, schema: 'public', table, ...(filter === undefined ? {} : { filter }) },
      (message) => {
        if (!isCurrent()) return;
        options.onChange({
          table: message.table,
          type: message.eventType,
          row: message.new,
          old: message.old,
          faults: message.errors ?? [],
        });
      },
    );
  }

  void join();
  return {
    state: () => state,
    rejoin() {
      if (closed) return;
      become('lost');
      replace();
    },
    async close() {
      closed = true;
      stopTimers();
      await dropChannel();
    },
  };
}
