import { createHash, randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

/**
 * The name under which this process holds its tokens. Where it can be, it is the host's: a process that was killed left its
 * tokens to that name, and the next one need not wait until they run out. Whoever has the name has an abstract socket of it,
 * which nothing but the end of that process gives free.
 */
export interface TokenHolder {
  name(): string;
  /** Takes the host's name if it is free. Call it only while no token is leased: a lease belongs to its name. */
  takeHostName(): Promise<void>;
  close(): void;
}

export async function createTokenHolder(fingerprints: readonly string[]): Promise<TokenHolder> {
  const hostName = await hostNameFor(fingerprints);
  let name = `process:${randomUUID()}`;
  let lock: Server | null = null;
  return {
    name: () => name,
    async takeHostName() {
      if (hostName === null || lock !== null) return;
      lock = await lockOf(hostName);
      if (lock !== null) name = hostName;
    },
    close: () => lock?.close(),
  };
}

/**
 * The same for every start with these tokens on this running kernel, and within this network: sockets are known to those who
 * share one. Null where there is no such thing.
 */
async function hostNameFor(fingerprints: readonly string[]): Promise<string | null> {
  if (process.platform !== 'linux') return null;
  try {
    const [boot, network] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/net'),
    ]);
    const all = createHash('sha256').update(JSON.stringify([boot, network, fingerprints.toSorted()]));
    return `host:${all.digest('hex').slice(0, 32)}`;
  } catch {
    // Without /proc it is a process like any other.
    return null;
  }
}

function lockOf(name: string): Promise<Server | null> {
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(null));
    server.listen(`\0hq-bots:${name}`, () => {
      server.unref();
      resolve(server);
    });
  });
}
