import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentFlag, freePort } from '@hq/shared/program';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../testing/database.ts';
import { eventually } from '../testing/eventually.ts';
import { migrate } from './migrate.ts';
import { verify } from './verify.ts';

// pgbouncer in transaction mode, as behind port 6543 of a Supabase project: each transaction may run on another connection.
const hasPooler = environmentFlag(process.env, 'HQ_TEST_PGBOUNCER');

let database: TestDatabase;
let pooler: ChildProcess;
let folder: string;
let url: string;

beforeAll(async () => {
  if (!hasPooler) return;
  database = await cloneDatabase('fresh');
  folder = await mkdtemp(join(tmpdir(), 'hq-pgbouncer-'));
  const { hostname, port, username, password, pathname } = new URL(database.url);
  const name = pathname.slice(1);
  const listen = await freePort();
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    `[databases]
${name} = host=${hostname} port=${port} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
ignore_startup_parameters = extra_float_digits
`,
  );
  await chmod(folder, 0o755);
  const account = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  pooler = spawn('pgbouncer', [...account, join(folder, 'pgbouncer.ini')], { stdio: 'ignore' });
  url = `postgres://${username}:${password}@127.0.0.1:${listen}/${name}`;
  await eventually(async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.end();
  });
});
afterAll(async () => {
  if (!hasPooler) return;
  pooler.kill('SIGINT');
  await database.drop();
  await rm(folder, { recursive: true });
});

test.skipIf(!hasPooler)(
  'three migrators at once behind a transaction pooler apply everything once, and leave no lock behind',
  async () => {
    const applied = (await Promise.all([migrate(url), migrate(url), migrate(url)])).flat();
    const once = await database.query<{ name: string }>('select name from hq.migrations order by name');
    const tables = applied.filter((name) => /^\d|tables$/.test(name)).sort();
    expect(tables).toEqual(once.map(({ name }) => name));
    expect(await verify(database.url)).toEqual([]);
    expect(
      await database.query(
        `select l.pid from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = current_database()`,
      ),
    ).toEqual([]);
    expect(await migrate(url)).toEqual([]);
  },
  120_000,
);
