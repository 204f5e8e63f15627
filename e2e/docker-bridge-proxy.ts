import { connect, createServer, type Socket } from 'node:net';
import { docker } from '../runner/src/docker/testing/compose-project.ts';

/** Port on Docker's bridge that forwards to a loopback port of this machine. */
export interface BridgeProxy {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Makes the test stack, which listens on loopback only, reachable for containers. The proxy listens only on the address of
 * `host.docker.internal`.
 */
export async function openBridgeProxy(loopbackPort: number): Promise<BridgeProxy> {
  const hosts = await docker([
    ...['run', '--rm', '--network=none', '--add-host=host:host-gateway', 'node:24-slim', 'cat', '/etc/hosts'],
  ]);
  const address = /^(\S+)\s+host$/m.exec(hosts)?.[1];
  if (address === undefined) throw new Error(`Docker reports no address of its host:\n${hosts}`);
  const sockets = new Set<Socket>();
  const server = createServer((outside) => {
    const inside = connect(loopbackPort, '127.0.0.1');
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      // The other side sees a broken connection as an end.
      socket.on('error', () => other.destroy());
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const listening = server.address();
  if (listening === null || typeof listening === 'string') throw new Error('the proxy has no port');
  return {
    port: listening.port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
