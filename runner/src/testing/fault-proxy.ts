import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** Proxy between a runner and the API that simulates network faults. */
export interface FaultProxy {
  readonly url: string;
  /** Returns the number of requests to this path so far. */
  requests(path: string): number;
  refuseWebSockets(refuse: boolean): void;
  cutWebSockets(): void;
  /** Drops the next responses of this path. */
  dropResponses(path: string, count: number): void;
  /** Delays every response. */
  delayResponses(milliseconds: number): void;
  close(): Promise<void>;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  // Over 60 lines: the HTTP and the WebSocket half share their faults.
  const { hostname, port } = new URL(target);
  const counts = new Map<string, number>();
  const losses = new Map<string, number>();
  const webSockets = new Set<Duplex>();
  let refusing = false;
  let delayMs = 0;

  const pathOf = (request: IncomingMessage) => new URL(request.url ?? '/', target).pathname;
  const server = createServer((incoming, outgoing) => {
    const path = pathOf(incoming);
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const forwarded = httpRequest(
      { hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers },
      (answer) => {
        const toLose = losses.get(path) ?? 0;
        if (toLose > 0) {
          losses.set(path, toLose - 1);
          answer.resume().on('end', () => outgoing.destroy());
          return;
        }
        setTimeout(() => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
        }, delayMs);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (refusing) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const upstream = connect(Number(port), hostname);
    const lines = request.rawHeaders.reduce<string[]>((all, value, at) => {
      if (at % 2 === 1) all.push(`${request.rawHeaders[at - 1]}: ${value}`);
      return all;
    }, []);
    upstream.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    upstream.on('error', () => socket.destroy());
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => {
      webSockets.delete(socket);
      upstream.destroy();
    });
    webSockets.add(socket);
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const cut = () => {
    for (const socket of webSockets) socket.destroy();
  };

  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: (path) => counts.get(path) ?? 0,
    refuseWebSockets: (refuse) => {
      refusing = refuse;
      if (refuse) cut();
    },
    cutWebSockets: cut,
    dropResponses: (path, count) => losses.set(path, count),
    delayResponses: (milliseconds) => {
      delayMs = milliseconds;
    },
    close: async () => {
      cut();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
