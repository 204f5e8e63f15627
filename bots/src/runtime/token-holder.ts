import { createHash, randomUUID } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

export type TokenHolder = Awaited<ReturnType<typeof createTokenHolder>>;

/**
 * The name under which this process leases its tokens: the host's, if it is free. After a kill, the next process takes the
 * same name and need not wait until the leases end. An abstract socket locks the name until its process ends.
 */
export async function createTokenHolder(fingerprints: readonly string[]) {
  const hostName = await hostNameFor(fingerprints);
  let name = `process:${randomUUID()}`;
  let lock: Server | null = null;
  return {
    name: (): string => name,
    /** Takes the host's name if it is free. Call it only while no token is leased: a lease belongs to its name. */
    async takeHostName(): Promise<void> {
      if (hostName === null || lock !== null) return;
      lock = await lockOf(hostName);
      if (lock !== null) name = hostName;
    },
    close: () => lock?.close(),
  };
}

/** The same for every start with these tokens in one network namespace of one running kernel; null without /proc. */
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
    // Without /proc the process has a name of its own.
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
