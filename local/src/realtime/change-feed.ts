import { readFile } from 'node:fs/promises';
import { type Backoff, backoffMs } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import pg from 'pg';
import { z } from 'zod';
import type { Row } from './filter.ts';
import { type PublishedTable, readPublishedTables } from './published-tables.ts';

export interface RowChange {
  readonly table: PublishedTable;
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE';
  readonly at: string;
  /** New row; only its key for a delete, or while `isWhole` is false. */
  readonly row: Row;
  readonly isWhole: boolean;
  /** Tenant of a deleted row, for tables with tenants. */
  readonly tenant: string | undefined;
}

export interface ChangeFeedOptions {
  readonly databaseUrl: string;
  /** Receives the changes of one tick of the event loop, in commit order. */
  readonly onChanges: (changes: readonly RowChange[]) => void;
  /** Changes between `onDown` and the next `onUp` are lost. */
  readonly onUp: () => void;
  readonly onDown: () => void;
  /** Called on `notify pgrst, 'reload schema'`, which migrations send to PostgREST. */
  readonly onSchemaChange: () => void;
}

const channel = 'hq_realtime';
const row = z.record(z.string(), z.unknown());
const notification = z.object({
  s: z.string(),
  t: z.string(),
  o: z.enum(['I', 'U', 'D']),
  at: z.string(),
  rows: z.array(row).default([]),
  keys: z.array(row).default([]),
});
const deletedRow = z.object({ tenant: z.string(), key: row });
const types = { I: 'INSERT', U: 'UPDATE', D: 'DELETE' } as const;

const backoff: Backoff = { firstMs: 50, longestMs: 1_000, jitter: 'none' };
const livenessMs = 15_000;
/** Must be shorter than the ten seconds that a client waits for its join. */
const whenUpBoundMs = 8_000;

/** Installs triggers that announce changes of the published tables. `client` owns them. */
export async function installTriggers(client: pg.ClientBase): Promise<void> {
  await client.query(await readFile(new URL('triggers.sql', import.meta.url), 'utf8'));
}

/** Listens to the triggers on one connection, which is opened again when it breaks. */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #waiting = new Set<(up: boolean) => void>();
  #client: pg.Client | undefined;
  #tables: readonly PublishedTable[] = [];
  #gathered: RowChange[] = [];
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isUp = false;
  #isClosed = false;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
    void this.#connect();
  }

  tables(): readonly PublishedTable[] {
    return this.#tables;
  }

  /** Resolves to true as soon as changes arrive; to false after a bound. */
  whenUp(): Promise<boolean> {
    if (this.#isUp || this.#isClosed) return Promise.resolve(this.#isUp);
    return new Promise((resolve) => {
      const settle = (up: boolean): void => {
        clearTimeout(bound);
        this.#waiting.delete(settle);
        resolve(up);
      };
      const bound = setTimeout(settle, whenUpBoundMs, false);
      this.#waiting.add(settle);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const settle of [...this.#waiting]) settle(false);
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.databaseUrl,
      connectionTimeoutMillis: 3_000,
      query_timeout: 5_000,
      keepAlive: true,
      application_name: 'hq-realtime',
      options: '-c role=hq_api -c TimeZone=UTC',
    });
    this.#client = client;
    client.on('error', () => this.#onLost(client));
    client.on('end', () => this.#onLost(client));
    client.on('notification', (message) => this.#onNotification(client, message));
    try {
      await client.connect();
      await client.query(`listen ${channel}; listen pgrst`);
    } catch {
      this.#onLost(client);
      return;
    }
    await this.#reload(client, () => {
      this.#isUp = true;
      for (const settle of [...this.#waiting]) settle(true);
      this.#failures = 0;
      this.#options.onUp();
    });
    this.#checkLiveness(client);
  }

  #onNotification(client: pg.Client, { channel: from, payload }: pg.Notification): void {
    if (client !== this.#client || !payload) return;
    if (from === channel) this.#gather(payload);
    else if (payload === 'reload schema') void this.#reload(client, this.#options.onSchemaChange);
  }

  #gather(payload: string): void {
    const changes = readNotification(payload, this.#tables);
    if (changes.length === 0) return;
    this.#gathered.push(...changes);
    if (this.#gathered.length > changes.length) return;
    setImmediate(() => {
      const batch = this.#gathered;
      this.#gathered = [];
      if (!this.#isClosed) this.#options.onChanges(batch);
    });
  }

  #onLost(client: pg.Client): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    // The connection is lost already; errors of its end are irrelevant.
    client.end().catch(() => undefined);
    if (this.#isUp) this.#options.onDown();
    this.#isUp = false;
    if (this.#isClosed) return;
    this.#failures += 1;
    this.#timer = setTimeout(() => void this.#connect(), backoffMs(this.#failures, backoff));
  }

  async #reload(client: pg.Client, then: () => void): Promise<void> {
    try {
      this.#tables = await readPublishedTables(client);
      if (client === this.#client) then();
    } catch {
      this.#onLost(client);
    }
  }

  /** Detects a connection that broke silently. */
  #checkLiveness(client: pg.Client): void {
    if (client !== this.#client) return;
    this.#timer = setTimeout(() => {
      client.query('select 1').then(
        () => this.#checkLiveness(client),
        () => this.#onLost(client),
      );
    }, livenessMs);
    this.#timer.unref();
  }
}

function readNotification(payload: string, tables: readonly PublishedTable[]): readonly RowChange[] {
  // Another program may notify on this channel too.
  const { data } = notification.safeParse(parseJson(payload));
  const table = data && tables.find(({ schema, name }) => schema === data.s && name === data.t);
  if (!data || !table) return [];
  const change = { table, type: types[data.o], at: data.at, tenant: undefined };
  const whole = data.rows.map((values) => ({ ...change, row: values, isWhole: true }));
  const byKey = data.keys.map((values) => {
    const deleted = change.type === 'DELETE' ? deletedRow.safeParse(values).data : undefined;
    return { ...change, row: deleted?.key ?? values, isWhole: false, tenant: deleted?.tenant };
  });
  return [...whole, ...byKey];
}
