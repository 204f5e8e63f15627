import { readFile } from 'node:fs/promises';
import { type Backoff, backoffMs } from '@hq/shared/program';
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

export interface ChangeFeed {
  /** Resolves to true as soon as changes arrive; to false after a bound. */
  whenUp(): Promise<boolean>;
  tables(): readonly PublishedTable[];
  close(): Promise<void>;
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
export function openChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  let closed = false;
  let current: pg.Client | undefined;
  let published: readonly PublishedTable[] = [];
  let isUp = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let gathered: RowChange[] = [];
  const waiting = new Set<(up: boolean) => void>();

  const gather = (payload: string): void => {
    const changes = readNotification(payload, published);
    if (changes.length === 0) return;
    gathered.push(...changes);
    if (gathered.length > changes.length) return;
    setImmediate(() => {
      const batch = gathered;
      gathered = [];
      if (!closed) options.onChanges(batch);
    });
  };

  const lose = (client: pg.Client): void => {
    if (client !== current) return;
    current = undefined;
    // The connection is lost already; errors of its end are irrelevant.
    client.end().catch(() => undefined);
    if (isUp) options.onDown();
    isUp = false;
    if (closed) return;
    failures += 1;
    timer = setTimeout(connect, backoffMs(failures, backoff));
  };

  const connect = async (): Promise<void> => {
    const client = new pg.Client({
      connectionString: options.databaseUrl,
      connectionTimeoutMillis: 3_000,
      query_timeout: 5_000,
      keepAlive: true,
      application_name: 'hq-realtime',
      options: '-c role=hq_api -c TimeZone=UTC',
    });
    current = client;
    client.on('error', () => lose(client));
    client.on('end', () => lose(client));
    client.on('notification', (message) => {
      if (client !== current || !message.payload) return;
      if (message.channel === channel) gather(message.payload);
      else if (message.payload === 'reload schema') void reload(client, options.onSchemaChange);
    });
    try {
      await client.connect();
      await client.query(`listen ${channel}; listen pgrst`);
    } catch {
      lose(client);
      return;
    }
    await reload(client, () => {
      isUp = true;
      for (const settle of [...waiting]) settle(true);
      failures = 0;
      options.onUp();
    });
    watch(client);
  };

  const reload = async (client: pg.Client, then: () => void): Promise<void> => {
    try {
      published = await readPublishedTables(client);
      if (client === current) then();
    } catch {
      lose(client);
    }
  };

  /** Detects a connection that broke silently. */
  const watch = (client: pg.Client): void => {
    if (client !== current) return;
    timer = setTimeout(() => {
      client.query('select 1').then(
        () => watch(client),
        () => lose(client),
      );
    }, livenessMs);
    timer.unref();
  };

  void connect();
  return {
    whenUp: () =>
      isUp || closed
        ? Promise.resolve(isUp)
        : new Promise((resolve) => {
            const settle = (up: boolean): void => {
              clearTimeout(bound);
              waiting.delete(settle);
              resolve(up);
            };
            const bound = setTimeout(settle, whenUpBoundMs, false);
            waiting.add(settle);
          }),
    tables: () => published,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      for (const settle of [...waiting]) settle(false);
      const client = current;
      current = undefined;
      await client?.end();
    },
  };
}

function readNotification(payload: string, tables: readonly PublishedTable[]): readonly RowChange[] {
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch {
    return [];
  }
  const { data } = notification.safeParse(json);
  const table = data && tables.find(({ schema, name }) => schema === data.s && name === data.t);
  if (!data || !table) return [];
  const { at } = data;
  const type = types[data.o];
  const whole = data.rows.map((values) => ({
    table,
    type,
    at,
    row: values,
    isWhole: true,
    tenant: undefined,
  }));
  const byKey = data.keys.map((values) => {
    const deleted = type === 'DELETE' ? deletedRow.safeParse(values).data : undefined;
    return { table, type, at, row: deleted?.key ?? values, isWhole: false, tenant: deleted?.tenant };
  });
  return [...whole, ...byKey];
}
