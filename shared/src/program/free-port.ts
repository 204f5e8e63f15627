import { once } from 'node:events';
import { createServer } from 'node:net';

/** Returns the preferred loopback port if it is free, else any free one. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  server.listen(preferred, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (preferred === 0) throw error;
    return freePort();
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new RangeError('a TCP server has a port');
  return address.port;
}
