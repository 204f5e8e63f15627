import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

/** An HTTP proxy on loopback that demands a password, and in which one name stands for a port of this machine. */
export interface ConnectProxy {
  /** Its address with the user and the password. */
  readonly url: string;
  /** The first lines of the requests that it has passed on, in tunnels and plainly. */
  readonly passed: readonly string[];
  /** Every host that it was asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const credentials = 'robot:pass-word';

export async function startConnectProxy(host: string, port: number): Promise<ConnectProxy> {
  const passed: string[] = [];
  const asked: string[] = [];
  const mayPass = ({ headers, url = '' }: IncomingMessage): boolean => {
    const name = url.startsWith('http') ? new URL(url).host : url;
    asked.push(name);
    const expected = `Basic ${Buffer.from(credentials).toString('base64')}`;
    return headers['proxy-authorization'] === expected && name === `${host}:${port}`;
  };
  const server = createServer((incoming, outgoing) => {
    if (!mayPass(incoming)) {
      outgoing.writeHead(407).end();
      return;
    }
    const { pathname, search } = new URL(incoming.url ?? '');
    passed.push(`${incoming.method} ${pathname}`);
    const { method, headers } = incoming;
    const forwarded = httpRequest({ host: '127.0.0.1', port, path: pathname + search, method, headers });
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.on('connect', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!mayPass(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      socket.on('data', (bytes: Buffer) => {
        const [, line] = /^((?:GET|POST|PATCH|DELETE) [^ ?]*)/.exec(bytes.toString('latin1')) ?? [];
        if (line !== undefined) passed.push(line);
      });
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return {
    url: `http://${credentials}@127.0.0.1:${address.port}`,
    passed,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
