/** Started by `startBenchStack`; prints one JSON line and serves until its standard input closes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalApi } from '../local/src/api/local-api.ts';
import { apiKeysFor } from '../local/src/api/tokens.ts';
import { openDataDirectory } from '../local/src/data-directory.ts';
import { installKeys } from '../local/src/install-keys.ts';
import { supervisePostgres } from '../local/src/postgres/supervised-postgres.ts';
import { bootstrapEmbedded, prepareDatabase } from '../local/src/prepare-database.ts';

const report = (): void => undefined;
const home = await mkdtemp(join(tmpdir(), 'hq-bench-'));
const directory = await openDataDirectory(join(home, 'data'));
const install = await installKeys(directory.keys);
const { superuserPassword, email, password } = install;
const postgres = await supervisePostgres({ directory: directory.postgres, superuserPassword, report });
const { databaseUrl } = await bootstrapEmbedded(directory.postgres, install);
const { gatewayId } = await prepareDatabase(databaseUrl, install, report);
const keys = await apiKeysFor(install.jwtSecret);
const api = await startLocalApi({ databaseUrl, keys, port: 0 });

const { anonKey, serviceRoleKey } = keys;
const line = { url: api.url, anonKey, serviceRoleKey, databaseUrl, email, password, gatewayId };
process.stdout.write(`${JSON.stringify(line)}\n`);

process.stdin.resume();
process.stdin.on('close', async () => {
  await api.close();
  await postgres.stop();
  await rm(home, { recursive: true });
  process.exit(0);
});
