import { HqError } from '../errors.ts';
import { ChannelTrust } from './channel-trust.ts';
import { type LiveSnapshot, type LiveStatus, SnapshotPublisher } from './live-snapshot.ts';
import { defaultTiming, type LiveTiming, pauseBeforeRead } from './live-timing.ts';
import { ReadLoop } from './read-loop.ts';
import { type RowRules, RowWindow } from './row-window.ts';
import {
  type Change,
  type ChangeBinding,
  type ChangesClient,
  type ChangesState,
  type Watch,
  watchChanges,
} from './watch-changes.ts';

export interface LiveQueryOptions<Row extends object> extends RowRules<Row> {
  readonly client: ChangesClient;
  readonly bindings: readonly ChangeBinding[];
  /** Reads the rows of the query, at most `limit` of them where it has a limit. */
  readonly read: (limit?: number) => Promise<readonly Row[]>;
  /** Makes a row of an event's record; null if it cannot, and then the query is read again. */
  readonly parse: (record: Readonly<Record<string, unknown>>) => Row | null;
  /** Tells a change that cannot touch these rows: it causes no read. */
  readonly isUnrelated?: (change: Change) => boolean;
  readonly timing?: Partial<LiveTiming>;
}

/** The rows of a query, kept up to date. Fits React's `useSyncExternalStore`: no method needs its `this`. */
export interface LiveQuery<Row> {
  /** Starts with the first listener. Returns the function that removes the listener. */
  readonly subscribe: (listener: () => void) => () => void;
  /** Returns the same object until something changes. */
  readonly getSnapshot: () => LiveSnapshot<Row>;
  /** Reads now. */
  readonly refresh: () => void;
  /** Holds as many rows more as it began with, and reads them. For a query with a limit. */
  readonly readOlder: () => void;
  readonly close: () => void;
}

export function createLiveQuery<Row extends object>(options: LiveQueryOptions<Row>): LiveQuery<Row> {
  return new SubscribedQuery(options);
}

interface Read<Row> {
  readonly rows: readonly Row[] | HqError;
  readonly limit: number | undefined;
  /** The joins of the channel at the start: a later join may have missed changes. */
  readonly joins: number;
  readonly wasLive: boolean;
  /** The start of the read before this one. */
  readonly previousReadAt: number;
}

class SubscribedQuery<Row extends object> implements LiveQuery<Row> {
  readonly #options: LiveQueryOptions<Row>;
  readonly #timing: LiveTiming;
  readonly #rows: RowWindow<Row>;
  readonly #trust: ChannelTrust;
  readonly #publisher: SnapshotPublisher<Row>;
  readonly #reads = new ReadLoop<Read<Row>>(
    () => this.#read(),
    (read, tookMs) => this.#settle(read, tookMs),
  );

  #watch: Watch | null = null;
  #channel: ChangesState = 'joining';
  #joins = 0;
  /** A read that began after the join has ended. */
  #isCaughtUp = false;
  #asOf: number | null = null;
  #error: HqError | null = null;
  #failures = 0;
  #readAt = 0;
  #arrivedWhileReading: Change[] = [];
  #lingerTimer: NodeJS.Timeout | null = null;

  constructor(options: LiveQueryOptions<Row>) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#rows = new RowWindow(options);
    this.#trust = new ChannelTrust(this.#timing.proofMs);
    this.#publisher = new SnapshotPublisher(this.#timing.notifyMs, () => ({
      rows: this.#rows.rows(),
      status: this.#status,
      asOf: this.#asOf,
      hasOlder: this.#rows.isFull,
      error: this.#error,
    }));
  }

  readonly getSnapshot = (): LiveSnapshot<Row> => this.#publisher.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#publisher.add(listener);
    this.#start();
    return () => {
      if (!this.#publisher.remove(listener)) return;
      this.#lingerTimer = setTimeout(() => this.#stop(), this.#timing.lingerMs);
    };
  };

  readonly refresh = (): void => this.#reads.demand();

  readonly readOlder = (): void => {
    this.#rows.grow();
    this.refresh();
  };

  readonly close = (): void => {
    this.#publisher.clear();
    this.#stop();
  };

  get #status(): LiveStatus {
    if (this.#error !== null) return 'offline';
    if (this.#asOf === null) return 'loading';
    return this.#channel === 'joined' && this.#isCaughtUp && this.#trust.isTrusted ? 'live' : 'polling';
  }

  #start(): void {
    this.#cancelLinger();
    if (this.#watch !== null) return;
    this.#channel = 'joining';
    this.#isCaughtUp = false;
    this.#trust.reset();
    this.#watch = watchChanges(this.#options.client, {
      bindings: this.#options.bindings,
      onChange: (change) => this.#onChange(change),
      onState: (state) => this.#onState(state),
    });
    // The rows are wanted at once, and the join may never come.
    this.#reads.start();
    // Rows of an earlier time are no longer live.
    if (this.#asOf !== null) this.#publisher.publishSoon();
  }

  #stop(): void {
    if (this.#status === 'live') this.#asOf = Date.now();
    this.#cancelLinger();
    this.#reads.stop();
    this.#publisher.cancel();
    this.#trust.cancel();
    void this.#watch?.close();
    this.#watch = null;
  }

  #cancelLinger(): void {
    if (this.#lingerTimer !== null) clearTimeout(this.#lingerTimer);
    this.#lingerTimer = null;
  }

  #onState(next: ChangesState): void {
    const before = this.#channel;
    this.#channel = next;
    // Events from before never come.
    this.#trust.cancel();
    if (next === 'joined') {
      this.#joins += 1;
      if (before !== 'joined') this.#isCaughtUp = false;
      this.refresh();
    } else if (next === 'lost') {
      this.#isCaughtUp = false;
      if (before === 'joined' && this.#error === null) this.#asOf = Date.now();
      if (!this.#reads.isReading) this.#reads.readAfter(this.#timing.pollMs * Math.random());
      this.#publisher.publishSoon();
    }
  }

  #onChange(change: Change): void {
    if (this.#trust.restore()) this.refresh();
    if (this.#options.isUnrelated?.(change) === true) return;
    if (this.#reads.isReading) this.#arrivedWhileReading.push(change);
    else this.#apply(change);
  }

  #apply(change: Change): void {
    const row = change.type === 'DELETE' || change.faults.length > 0 ? null : this.#options.parse(change.row);
    const key = row === null ? keyOfDeleted(change) : this.#options.key(row);
    if (key === null) {
      this.refresh();
      return;
    }
    this.#trust.recordEvent(key);
    if (row === null) this.#remove(key);
    else if (this.#rows.put(row)) this.#publisher.publishSoon();
  }

  #remove(key: string): void {
    const wasFull = this.#rows.isFull;
    if (!this.#rows.remove(key)) return;
    this.#publisher.publishSoon();
    // A row beyond the end of the window moves into it.
    if (wasFull) this.refresh();
  }

  async #read(): Promise<Read<Row>> {
    const { limit } = this.#rows;
    const began = {
      limit,
      joins: this.#joins,
      wasLive: this.#status === 'live',
      previousReadAt: this.#readAt,
    };
    this.#readAt = Date.now();
    this.#arrivedWhileReading = [];
    try {
      return { ...began, rows: await this.#options.read(limit) };
    } catch (cause) {
      const isOurs = cause instanceof HqError;
      const error = isOurs ? cause : new HqError('failed', 'The rows could not be read.', { cause });
      return { ...began, rows: error };
    }
  }

  /** Returns the milliseconds until the next read. */
  #settle(read: Read<Row>, tookMs: number): number {
    if (read.rows instanceof HqError) {
      // Events kept the rows current until this read began.
      if (this.#status === 'live') this.#asOf = this.#readAt;
      this.#error = read.rows;
      this.#failures += 1;
    } else {
      this.#takeRows(read, read.rows);
    }
    const arrived = this.#arrivedWhileReading;
    this.#arrivedWhileReading = [];
    for (const change of arrived) this.#apply(change);
    this.#publisher.publishSoon();
    return pauseBeforeRead(this.#timing, this.#status, this.#failures, tookMs);
  }

  #takeRows(read: Read<Row>, rows: readonly Row[]): void {
    this.#error = null;
    this.#failures = 0;
    this.#asOf = Date.now();
    this.#trust.expire();
    const changed = this.#rows.replace(rows, read.limit);
    if (this.#joins !== read.joins) return;
    if (this.#channel === 'joined') this.#isCaughtUp = true;
    if (read.wasLive && this.#channel === 'joined')
      this.#trust.expectEvents(changed, read.previousReadAt, () => this.#onSilence());
  }

  #onSilence(): void {
    if (this.#watch === null || this.#channel !== 'joined') return;
    this.#trust.distrust();
    this.#publisher.publishSoon();
    this.#reads.readAfter(this.#timing.pollMs);
    this.#watch.rejoin();
  }
}

/** Events of deletes hold the primary key alone. */
function keyOfDeleted({ type, old }: Change): string | null {
  return type === 'DELETE' && typeof old.id === 'string' ? old.id : null;
}
