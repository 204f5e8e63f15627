import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';

/** An HTTP proxy on loopback that demands a password, and in which one address stands for a port of this machine, over TLS. */
export interface ConnectProxy {
  /** Its address with the user and the password. */
  readonly url: string;
  /** The certificate of the server behind it, for `NODE_EXTRA_CA_CERTS`. */
  readonly certificate: string;
  /** The first lines of the requests that came through it. */
  readonly passed: readonly string[];
  /** Every host that it was asked for. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

const credentials = 'robot:pass-word';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** `ip` is the address that the proxy knows, at port 443. */
export async function startConnectProxy(ip: string, port: number): Promise<ConnectProxy> {
  const passed: string[] = [];
  const asked: string[] = [];
  const { private: key, cert } = await generate([{ name: 'commonName', value: ip }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip }] }],
  });
  const behind = createTlsServer({ key, cert }, (socket) => {
    const upstream = connect(port, '127.0.0.1');
    socket.on('data', (bytes: Buffer) => {
      const [, line] = /^((?:GET|POST|PATCH|DELETE) [^ ?]*)/.exec(bytes.toString('latin1')) ?? [];
      if (line !== undefined) passed.push(line);
    });
    socket.pipe(upstream).pipe(socket);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  const tlsPort = await listen(behind);
  const server = createServer((_incoming, outgoing) => outgoing.writeHead(405).end());
  server.on('connect', ({ headers, url = '' }, socket, head) => {
    socket.on('error', () => socket.destroy());
    asked.push(url);
    const expected = `Basic ${Buffer.from(credentials).toString('base64')}`;
    if (headers['proxy-authorization'] !== expected || url !== `${ip}:443`) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const upstream = connect(tlsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  const proxyPort = await listen(server);
  return {
    url: `http://${credentials}@127.0.0.1:${proxyPort}`,
    certificate: cert,
    passed,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      behind.close();
      await once(server, 'close');
    },
  };
}
