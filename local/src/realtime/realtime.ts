import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { WebSocketServer } from 'ws';
import { apiKeyOf } from '../api/api-key-of.ts';
import { type ApiKeys, kindOfKey } from '../api/tokens.ts';
import { describeChange, matchesChange } from './bindings.ts';
import { openChangeFeed, type RowChange } from './change-feed.ts';
import type { Channel } from './channel.ts';
import { Connection } from './connection.ts';
import { encodeWithPayload } from './frames.ts';
import { visibilityOf } from './visibility.ts';

export interface Realtime {
  /** Handler of the HTTP server's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Settles when changes arrive for the first time. */
  readonly ready: Promise<boolean>;
  close(): Promise<void>;
}

export interface RealtimeOptions {
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  readonly keys: ApiKeys;
  readonly onSchemaChange: () => void;
}

const sweepMs = 30_000;

/** Serves postgres_changes of Supabase Realtime to supabase-js and other clients of Phoenix channels. */
export function openRealtime({ pool, databaseUrl, keys, onSchemaChange }: RealtimeOptions): Realtime {
  const server = new WebSocketServer({ noServer: true, maxPayload: 256 * 1024, perMessageDeflate: false });
  const connections = new Set<Connection>();
  const visibility = visibilityOf(pool);
  let delivery: Promise<void> = Promise.resolve();

  const feed = openChangeFeed({
    databaseUrl,
    onChanges: (changes) => {
      delivery = delivery.then(() => deliver(changes));
    },
    onUp: () => {
      for (const connection of connections) connection.resubscribe();
    },
    onDown: () => {
      for (const connection of connections) connection.failChannels();
    },
    onSchemaChange: () => {
      for (const connection of connections) connection.resubscribe();
      onSchemaChange();
    },
  });

  const listenersOf = (changes: readonly RowChange[]): ReadonlyMap<string, readonly Listener[]> => {
    const audiences = new Map<string, Listener[]>();
    for (const connection of connections) {
      for (const channel of connection.channels.values()) {
        if (!changes.some((change) => mayMatch(channel, change))) continue;
        const listeners = audiences.get(channel.audienceKey) ?? [];
        listeners.push({ connection, channel });
        audiences.set(channel.audienceKey, listeners);
      }
    }
    return audiences;
  };

  const deliver = async (changes: readonly RowChange[]): Promise<void> => {
    const audiences = listenersOf(changes);
    if (audiences.size === 0) return;
    const texts = new Map<RowChange, Map<string, string>>();
    try {
      const whole = await visibility.withWholeRows(changes);
      await Promise.all([...audiences.values()].map((listeners) => deliverTo(listeners, whole, texts)));
    } catch {
      // These clients missed changes that could not be read.
      for (const { connection, channel } of [...audiences.values()].flat()) connection.fail(channel);
    }
  };

  const deliverTo = async (
    listeners: readonly Listener[],
    changes: readonly RowChange[],
    texts: Map<RowChange, Map<string, string>>,
  ): Promise<void> => {
    const [first] = listeners;
    if (!first) return;
    const { audience } = first.channel;
    const awaited = changes.filter((change) => listeners.some(({ channel }) => mayMatch(channel, change)));
    if (awaited.length === 0) return;
    const seen = await visibility.visibleTo(audience, awaited);
    for (const change of awaited) {
      if (!seen.has(change)) continue;
      for (const { connection, channel } of listeners) send(connection, channel, change, texts);
    }
  };

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const connection of connections) if (connection.isSilent(now)) connection.terminate();
  }, sweepMs);
  sweep.unref();

  return {
    upgrade(request, socket, head) {
      // The HTTP server no longer handles the socket: an unhandled error would end the process.
      socket.on('error', () => socket.destroy());
      const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
      if (!url) return reject(socket, '400 Bad Request', 'The address is not valid.');
      if (url.pathname !== '/realtime/v1/websocket')
        return reject(socket, '404 Not Found', 'Nothing is served here.');
      const key = apiKeyOf(request);
      if (!kindOfKey(key, keys)) return reject(socket, '401 Unauthorized', 'The API key is not valid.');
      const version = url.searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0';
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new Connection({ socket: webSocket, version, key, keys, feed });
        connections.add(connection);
        webSocket.on('close', () => connections.delete(connection));
      });
    },
    ready: feed.whenUp(),
    async close() {
      clearInterval(sweep);
      for (const connection of connections) connection.close();
      await feed.close();
      for (const connection of connections) connection.terminate();
      server.close();
    },
  };
}

interface Listener {
  readonly connection: Connection;
  readonly channel: Channel;
}

function mayMatch(channel: Channel, change: RowChange): boolean {
  const wanted = channel.bindingsByTable.get(change.table) ?? [];
  // Filters apply once the row is whole.
  return wanted.some((entry) =>
    change.isWhole ? matchesChange(entry, change) : matchesEvent(entry.binding.event, change),
  );
}

function matchesEvent(event: string, { type }: RowChange): boolean {
  return event === '*' || event === type;
}

function send(
  connection: Connection,
  channel: Channel,
  change: RowChange,
  texts: Map<RowChange, Map<string, string>>,
): void {
  const bindings = (channel.bindingsByTable.get(change.table) ?? [])
    .filter((entry) => matchesChange(entry, change))
    .map(({ binding }) => binding);
  const readable = change.table.readable[channel.audience.role] ?? [];
  // Bindings with the same columns share a message.
  for (const [, group] of Map.groupBy(bindings, ({ select }) => select?.join() ?? '*')) {
    const select = group[0]?.select;
    const visible = select ? readable.filter((name) => select.includes(name)) : readable;
    const ofChange = texts.get(change) ?? new Map<string, string>();
    texts.set(change, ofChange);
    const columns = visible.join();
    const data = ofChange.get(columns) ?? describeChange(change, visible);
    ofChange.set(columns, data);
    const ids = JSON.stringify(group.map(({ id }) => id));
    connection.sendText(
      encodeWithPayload(
        { joinRef: null, ref: null, topic: channel.topic, event: 'postgres_changes' },
        `{"ids":${ids},"data":${data}}`,
        connection.version,
      ),
    );
  }
}

function reject(socket: Duplex, status: string, error: string): void {
  const body = JSON.stringify({ error });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
