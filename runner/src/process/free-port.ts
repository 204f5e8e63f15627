import { once } from 'node:events';
import { createServer } from 'node:net';

/** Returns the preferred loopback port if it is free, else any free one. */
export async function freePort(preferred: number): Promise<number> {
  for (const port of [preferred, 0]) {
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
