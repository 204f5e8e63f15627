import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';

/** A loopback proxy in front of a stack that counts what passes and can be shut. */
export interface StackProxy {
  readonly url: string;
  /** REST and auth requests let through so far. */
  readonly requests: () => number;
  /** `open` lets all through; `no-realtime` refuses web sockets and ends those that are open; `shut` drops every connection. */
  set(state: StackProxyState): void;
  close(): Promise<void>;
}

export type StackProxyState = 'open' | 'no-realtime' | 'shut';

export async function openProxy(target: string, initial: StackProxyState = 'open'): Promise<StackProxy> {
  const { hostname, port } = new URL(target);
  let state = initial;
  let requests = 0;
  const connections = new Set<Socket>();
  const upgraded = new Set<Socket>();

  const server = createServer((incoming: IncomingMessage, reply: ServerResponse) => {
    requests += 1;
    const outgoing = forward(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        reply.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(reply);
      },
    );
    outgoing.on('error', () => reply.destroy());
    incoming.on('error', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  server.on('connection', (socket) => {
    if (state === 'shut') {
      socket.destroy();
      return;
    }
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    // A cut connection is what this proxy is for.
    socket.on('error', () => socket.destroy());
  });
  server.on('upgrade', (incoming, socket: Socket, head: Buffer) => {
    if (state !== 'open') {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      return;
    }
    const upstream = connect(Number(port), hostname, () => {
      const headers = incoming.rawHeaders.reduce(
        (text, part, index) => text + part + (index % 2 === 0 ? ': ' : '\r\n'),
        '',
      );
      upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${headers}\r\n`);
      upstream.write(head);
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    upgraded.add(socket);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        upgraded.delete(socket);
        other.destroy();
      });
    }
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests: () => requests,
    set(next) {
      state = next;
      if (next !== 'open') for (const socket of upgraded) socket.destroy();
      if (next === 'shut') for (const socket of connections) socket.destroy();
    },
    close() {
      for (const socket of [...upgraded, ...connections]) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
