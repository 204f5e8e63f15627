/** Started by `startBenchStack`; prints one JSON line and serves until its standard input closes. */
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startLocalApi } from '../db/local/api/local-api.ts';
import { prepareApi } from '../db/local/api/prepare-api.ts';
import { apiKeysFor } from '../db/local/api/tokens.ts';
import { freePort } from '../db/local/free-port.ts';
import { createMember } from '../db/local/member.ts';
import { findPostgres, initCluster, postgresAccount, startPostgres } from '../db/local/postgres.ts';
import { migrate } from '../db/src/migrate.ts';

const account = await postgresAccount();
const binaries = await findPostgres(account, () => undefined);
const home = await mkdtemp(join(tmpdir(), 'hq-bench-'));
if (account) await chown(home, account.uid, account.gid);
const cluster = { directory: join(home, 'data'), binaries, account };
const password = randomBytes(16).toString('hex');
await initCluster(cluster, { password, sync: true });
const postgres = await startPostgres(cluster, { port: await freePort(), settings: {} });
const databaseUrl = `postgres://postgres:${password}@127.0.0.1:${postgres.port}/postgres`;

const client = new pg.Client({ connectionString: databaseUrl });
await client.connect();
const bootstrap = new URL('../db/bootstrap/supabase.sql', import.meta.url);
await client.query(await readFile(bootstrap, 'utf8'));
await migrate(databaseUrl);
await prepareApi(client);
const member = { email: 'bench@example.test', password: randomBytes(16).toString('hex') };
await createMember(client, { ...member, role: 'admin' });
const gateways = await client.query<{ id: string }>(`select id from public.gateways where slug = 'default'`);
await client.end();

const keys = await apiKeysFor(randomBytes(32).toString('hex'));
const api = await startLocalApi({ databaseUrl, keys, port: 0 });
const { anonKey, serviceRoleKey } = keys;
const gatewayId = gateways.rows[0]?.id;
process.stdout.write(
  `${JSON.stringify({ url: api.url, anonKey, serviceRoleKey, databaseUrl, ...member, gatewayId })}\n`,
);

process.stdin.resume();
process.stdin.on('close', async () => {
  await api.close();
  await postgres.stop();
  await rm(home, { recursive: true });
  process.exit(0);
});
