import { HqError } from '../errors.ts';
import {
  type Change,
  type ChangeBinding,
  type ChangesClient,
  type ChangesState,
  type Watch,
  watchChanges,
} from './watch-changes.ts';
import { createWindow, type RowRules } from './window.ts';

/**
 * `loading`: nothing read yet. `live`: every change is told. `polling`: read again and again, because changes are not
 * told. `offline`: the last read failed; the rows are those of `asOf`.
 */
export type LiveStatus = 'loading' | 'live' | 'polling' | 'offline';

export interface LiveSnapshot<Row> {
  readonly rows: readonly Row[];
  readonly status: LiveStatus;
  /** When the rows were last known to be right, in local epoch milliseconds; null before the first read. */
  readonly asOf: number | null;
  /** Why it is offline. */
  readonly error: HqError | null;
}

export interface LiveQueryOptions<Row extends object> extends RowRules<Row> {
  readonly client: ChangesClient;
  readonly bindings: readonly ChangeBinding[];
  /** Reads the rows of the query. */
  readonly read: () => Promise<readonly Row[]>;
  /** Makes a row of what an event brought, or null where that cannot be: then the query is read again. */
  readonly parse: (record: Readonly<Record<string, unknown>>) => Row | null;
  readonly timing?: Partial<LiveTiming>;
}

export interface LiveTiming {
  /** Between two reads while changes are told: catches a channel that has gone silent. */
  readonly resyncMs: number;
  /** The part of the time that those reads may take at most, so that large tables are not read all the time. */
  readonly readShare: number;
  /** Between two reads while changes are not told. */
  readonly pollMs: number;
  /** The longest pause while the database does not answer. */
  readonly longestRetryMs: number;
  /** Between two notifications of the listeners. */
  readonly notifyMs: number;
  /** How long the query goes on after its last listener left. */
  readonly lingerMs: number;
  /** How long after a read the event for what it brought may take. */
  readonly proofMs: number;
}

const defaultTiming: LiveTiming = {
  resyncMs: 30_000,
  readShare: 1 / 200,
  pollMs: 2_000,
  longestRetryMs: 10_000,
  notifyMs: 50,
  lingerMs: 5_000,
  proofMs: 3_000,
};

/** Reads that follow each other leave at least this between them, whatever demands them. */
const gatherMs = 50;

const firstDistrustMs = 60_000;
const longestDistrustMs = 3_600_000;

/** The rows of a query, kept up to date. Fits React's `useSyncExternalStore`. */
export interface LiveQuery<Row> {
  /** Starts with the first listener. Gives what takes the listener away. */
  subscribe(listener: () => void): () => void;
  /** The same object until something changed. */
  getSnapshot(): LiveSnapshot<Row>;
  /** Reads now. */
  refresh(): void;
  close(): void;
}

export function createLiveQuery<Row extends object>(options: LiveQueryOptions<Row>): LiveQuery<Row> {
  const timing: LiveTiming = { ...defaultTiming, ...options.timing };
  const rows = createWindow(options);
  const listeners = new Set<() => void>();

  let watch: Watch | null = null;
  let channel: ChangesState = 'joining';
  let joins = 0;
  /** A read that began after the join has ended. */
  let isCaughtUp = false;
  /** The channel says that it is joined but missed a change: it is not believed until an event or this time comes. */
  let distrustedUntil = 0;
  let misses = 0;
  let asOf: number | null = null;
  let error: HqError | null = null;

  let isReading = false;
  let readAgain = false;
  let failures = 0;
  let arrivedWhileReading: Change[] = [];
  let readAt = 0;
  /** When an event last told of a key. */
  const toldAt = new Map<string, number>();

  let snapshot: LiveSnapshot<Row> = { rows: [], status: 'loading', asOf: null, error: null };
  let notifiedAt = 0;
  let readTimer: NodeJS.Timeout | null = null;
  let notifyTimer: NodeJS.Timeout | null = null;
  let lingerTimer: NodeJS.Timeout | null = null;
  let proofTimer: NodeJS.Timeout | null = null;

  function status(): LiveStatus {
    if (error !== null) return 'offline';
    if (asOf === null) return 'loading';
    return channel === 'joined' && isCaughtUp && distrustedUntil === 0 ? 'live' : 'polling';
  }

  function changed(): void {
    if (notifyTimer !== null) return;
    const pause = Math.max(0, notifiedAt + timing.notifyMs - Date.now());
    notifyTimer = setTimeout(
      () => {
        notifyTimer = null;
        notifiedAt = Date.now();
        snapshot = { rows: rows.rows(), status: status(), asOf, error };
        for (const listener of [...listeners]) listener();
      },
      Math.min(pause, timing.notifyMs),
    );
  }

  function apply(change: Change): void {
    const row = change.type === 'DELETE' || change.faults.length > 0 ? null : options.parse(change.row);
    const key = row === null ? keyOfDeleted(change) : options.key(row);
    if (key === null) {
      refresh();
      return;
    }
    toldAt.set(key, Date.now());
    if (row === null) drop(key);
    else if (rows.put(row)) changed();
  }

  /** Of a deleted row the primary key alone is told. */
  function keyOfDeleted({ type, old }: Change): string | null {
    return type === 'DELETE' && typeof old.id === 'string' ? old.id : null;
  }

  function drop(key: string): void {
    const wasFull = options.limit !== undefined && rows.rows().length >= options.limit;
    if (!rows.remove(key)) return;
    changed();
    // Somebody waits behind the end of the window.
    if (wasFull) refresh();
  }

  function onChange(change: Change): void {
    misses = 0;
    if (distrustedUntil > 0) {
      distrustedUntil = 0;
      refresh();
    }
    if (isReading) arrivedWhileReading.push(change);
    else apply(change);
  }

  function onState(next: ChangesState): void {
    const before = channel;
    channel = next;
    if (next === 'joined') {
      joins += 1;
      if (before !== 'joined') isCaughtUp = false;
      refresh();
    } else if (next === 'lost') {
      isCaughtUp = false;
      if (before === 'joined' && error === null) asOf = Date.now();
      if (!isReading) readAfter(timing.pollMs * Math.random());
      changed();
    }
  }

  function readAfter(pauseMs: number): void {
    if (readTimer !== null) clearTimeout(readTimer);
    readTimer = watch === null ? null : setTimeout(refresh, pauseMs);
  }

  function refresh(): void {
    if (watch === null) return;
    if (isReading) {
      readAgain = true;
      return;
    }
    if (readTimer !== null) clearTimeout(readTimer);
    readTimer = null;
    void readOnce(watch);
  }

  async function readOnce(during: Watch): Promise<void> {
    isReading = true;
    readAgain = false;
    const startedAt = Date.now();
    const previousReadAt = readAt;
    readAt = startedAt;
    const joinsBefore = joins;
    const wasLive = status() === 'live';
    let fresh: readonly Row[] | HqError;
    try {
      fresh = await options.read();
    } catch (cause) {
      fresh = asHqError(cause);
    }
    isReading = false;
    const arrived = arrivedWhileReading;
    arrivedWhileReading = [];
    if (watch !== during) {
      refresh();
      return;
    }

    if (fresh instanceof HqError) {
      error = fresh;
      failures += 1;
    } else {
      error = null;
      failures = 0;
      asOf = Date.now();
      if (distrustedUntil < asOf) distrustedUntil = 0;
      const missed = rows.replace(fresh);
      if (channel === 'joined' && joins === joinsBefore) isCaughtUp = true;
      if (wasLive) demandProof(missed, previousReadAt);
    }
    for (const change of arrived) apply(change);
    changed();
    const tookMs = Date.now() - startedAt;
    readAfter(readAgain ? Math.max(gatherMs, tookMs) : pauseBeforeNextRead(tookMs));
  }

  function pauseBeforeNextRead(readTookMs: number): number {
    const jitter = 0.75 + Math.random() / 2;
    if (error !== null) return Math.min(timing.longestRetryMs, 500 * 2 ** (failures - 1)) * jitter;
    const pause = status() === 'live' ? timing.resyncMs : timing.pollMs;
    return Math.max(pause, status() === 'live' ? readTookMs / timing.readShare : readTookMs * 2) * jitter;
  }

  /** A read brought changes since the one before it. If no event tells of them soon, the channel is silent. */
  function demandProof(changedKeys: ReadonlySet<string>, since: number): void {
    if (proofTimer !== null) return;
    const isUntold = (key: string): boolean => (toldAt.get(key) ?? 0) < since;
    const untold = [...changedKeys].filter(isUntold);
    if (untold.length === 0) {
      toldAt.clear();
      return;
    }
    proofTimer = setTimeout(() => {
      proofTimer = null;
      if (watch === null || channel !== 'joined' || !untold.some(isUntold)) return;
      distrustedUntil = Date.now() + Math.min(longestDistrustMs, firstDistrustMs * 2 ** misses);
      misses += 1;
      changed();
      readAfter(timing.pollMs);
      watch.rejoin();
    }, timing.proofMs);
  }

  function start(): void {
    if (lingerTimer !== null) clearTimeout(lingerTimer);
    lingerTimer = null;
    if (watch !== null) return;
    channel = 'joining';
    isCaughtUp = false;
    distrustedUntil = 0;
    misses = 0;
    watch = watchChanges(options.client, { bindings: options.bindings, onChange, onState });
    // Not after the join: the rows are wanted at once, and the join may never come.
    refresh();
    // Rows of an earlier time are no longer live.
    if (asOf !== null) changed();
  }

  function stop(): void {
    if (status() === 'live') asOf = Date.now();
    for (const timer of [readTimer, notifyTimer, lingerTimer, proofTimer]) {
      if (timer !== null) clearTimeout(timer);
    }
    readTimer = notifyTimer = lingerTimer = proofTimer = null;
    void watch?.close();
    watch = null;
  }

  return {
    subscribe(listener) {
      listeners.add(listener);
      start();
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        lingerTimer = setTimeout(stop, timing.lingerMs);
      };
    },
    getSnapshot: () => snapshot,
    refresh,
    close() {
      listeners.clear();
      stop();
    },
  };
}

function asHqError(cause: unknown): HqError {
  if (cause instanceof HqError) return cause;
  return new HqError('failed', 'The rows could not be read.', { cause });
}
