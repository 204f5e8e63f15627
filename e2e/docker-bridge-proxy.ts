import { connect, createServer, type Socket } from 'node:net';
import { docker } from '../runner/src/docker/testing/compose-project.ts';

/** A port on Docker's bridge that leads to a loopback port of this machine. */
export interface BridgeProxy {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The test stack listens on loopback only, and stays that way: containers reach it through this proxy, which listens on the
 * address that `host.docker.internal` stands for and nowhere else.
 */
export async function openBridgeProxy(loopbackPort: number): Promise<BridgeProxy> {
  const hosts = await docker([
    ...['run', '--rm', '--network=none', '--add-host=host:host-gateway', 'node:24-slim', 'cat', '/etc/hosts'],
  ]);
  const address = /^(\S+)\s+host$/m.exec(hosts)?.[1];
  if (address === undefined) throw new Error(`Docker names no address of its host:\n${hosts}`);
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
      // A broken connection is what the other side is told by its end.
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
