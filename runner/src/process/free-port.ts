import { once } from 'node:events';
import { createServer } from 'node:net';

/** The wished port of loopback where it is free, any free one otherwise. */
export async function freePort(wished: number): Promise<number> {
  for (const port of [wished, 0]) {
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    const isFree = await listening;
    const address = server.address();
    if (!isFree || address === null || typeof address === 'string') continue;
    server.close();
    await once(server, 'close');
    return address.port;
  }
  throw new Error('No port of loopback is free.');
}
