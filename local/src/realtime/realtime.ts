import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type pg from 'pg';
import { WebSocketServer } from 'ws';
import { apiKeyOf } from '../api/api-key-of.ts';
import { isOwnHost } from '../api/own-host.ts';
import { type ApiKeys, kindOfKey } from '../api/tokens.ts';
import { Turns } from '../api/turns.ts';
import { ChangeFeed } from './change-feed.ts';
import { Connection } from './connection.ts';
import { deliver } from './delivery.ts';
import { joinFault, mostSockets } from './subscription-limits.ts';
import { visibilityOf } from './visibility.ts';

export interface RealtimeOptions {
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  readonly keys: ApiKeys;
  readonly onSchemaChange: () => void;
}

const sweepMs = 30_000;
/** Bytes of a message; a join of the terminal UI has 4,000. */
const maxPayload = 64 * 1024;

/** Serves postgres_changes of Supabase Realtime to supabase-js and other clients of Phoenix channels. */
export function openRealtime({ pool, databaseUrl, keys, onSchemaChange }: RealtimeOptions) {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    // Each socket has one message in a turn of the event loop, however many have arrived.
    allowSynchronousEvents: false,
  });
  const turns = new Turns();
  const connections = new Set<Connection>();
  const visibility = visibilityOf(pool);
  let delivery: Promise<void> = Promise.resolve();

  const feed = new ChangeFeed({
    databaseUrl,
    onChanges: (changes) => {
      delivery = delivery.then(() => deliver(connections, changes, visibility));
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

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const connection of connections) if (connection.isIdle(now)) connection.terminate();
  }, sweepMs);
  sweep.unref();

  return {
    /** Handler of the HTTP server's `upgrade` event. */
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
      // The HTTP server no longer handles the socket: an unhandled error would end the process.
      socket.on('error', () => socket.destroy());
      const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
      if (!isOwnHost(request.headers.host ?? null))
        return reject(socket, '403 Forbidden', 'HQ answers to 127.0.0.1 and localhost.');
      if (!url) return reject(socket, '400 Bad Request', 'The address is not valid.');
      if (url.pathname !== '/realtime/v1/websocket')
        return reject(socket, '404 Not Found', 'Nothing is served here.');
      const key = apiKeyOf(request);
      const kind = kindOfKey(key, keys);
      if (!kind) return reject(socket, '401 Unauthorized', 'The API key is not valid.');
      if (kind !== 'secret' && connections.size >= mostSockets)
        return reject(socket, '503 Service Unavailable', 'Too many sockets are open.');
      const version = url.searchParams.get('vsn') === '2.0.0' ? '2.0.0' : '1.0.0';
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new Connection({
          socket: webSocket,
          version,
          key,
          keys,
          feed,
          turns,
          joinFault: (...joining) => joinFault(connections, ...joining),
        });
        connections.add(connection);
        webSocket.on('close', () => connections.delete(connection));
      });
    },
    /** Settles when changes arrive for the first time. */
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

function reject(socket: Duplex, status: string, error: string): void {
  const body = JSON.stringify({ error });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
