import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createLog } from '@hq/shared/log';
import { readSecretsKeys, seal } from '@hq/shared/secrets';
import { createRedactor } from '@hq/shared/text';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import pg from 'pg';
import { openProxy } from '../db/testing/proxy.ts';
import { connectDatabase } from '../runner/src/database.ts';
import { SecretsSync } from '../runner/src/secrets/secrets-sync.ts';
import { median, percentile } from './percentile.ts';
import { startBenchRunner } from './runner.ts';
import { type BenchStack, startBenchStack } from './stack.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title = 'Secrets, on Postgres with fsync behind the local stack';

/** Best numbers of HQ 0.2's daemon on a similar machine: milliseconds for 1,000 secrets over 50 agents. */
const older = { first: 500, unchanged: 66 };
const agentCount = 50;
const burst = 100;
const pollSeconds = 5;

interface SecretsBench {
  readonly stack: BenchStack;
  readonly client: SupabaseClient;
  readonly database: pg.Client;
  /** Parent of one directory of secrets for each part. */
  readonly home: string;
}

function sealed(bench: SecretsBench, value: string): string {
  return seal(value, readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: bench.stack.serviceRoleKey }).current);
}

async function addAgents({ database, stack }: SecretsBench): Promise<void> {
  await database.query(
    `insert into public.agents (gateway_id, name, slug)
     select $1, 'Agent ' || n, 'agent-' || n from generate_series(1, $2::int) n`,
    [stack.gatewayId, agentCount],
  );
}

/** Creates a fifth of the secrets for the whole gateway, the others spread over the agents. */
async function fill(bench: SecretsBench, count: number): Promise<void> {
  const { database, stack } = bench;
  await database.query('delete from public.secrets');
  const values = Array.from({ length: count }, (_, at) =>
    sealed(bench, `value of secret ${at} ${'x'.repeat(40)}`),
  );
  await database.query(
    `insert into public.secrets (gateway_id, agent_id, key, encrypted_value)
     select $1, a.id, 'SECRET_' || v.at, v.value
     from unnest($2::text[]) with ordinality v (value, at)
     left join public.agents a on v.at % 5 <> 0 and a.slug = 'agent-' || (1 + v.at % $3)`,
    [stack.gatewayId, values, agentCount],
  );
}

async function filesOf(path: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(file, (await stat(file)).ino);
  }
  return found;
}

interface Synced {
  readonly first: number;
  readonly unchanged: number;
  readonly requests: number;
  readonly rewritten: number;
  readonly patched: number;
}

/** Measures the sync alone: fetch, decrypt, files with fsync, states. */
async function sync(bench: SecretsBench, count: number): Promise<Synced> {
  await fill(bench, count);
  const { stack, database } = bench;
  const proxy = await openProxy(stack.url);
  const path = join(bench.home, `sync-${count}`);
  const redactor = createRedactor([]);
  const connection = connectDatabase({ url: proxy.url, serviceRoleKey: stack.serviceRoleKey });
  const secrets = new SecretsSync({
    database: connection,
    gatewayId: stack.gatewayId,
    keys: readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey }),
    path,
    redactor,
    log: createLog('error', redactor),
  });
  const states = () =>
    database.query<{ row: string }>(
      'select s.xmin::text || s.sync_status::text as row from public.secrets s order by id',
    );
  const took = async (): Promise<number> => {
    // Waits for the least distance between two syncs, which is no work.
    await pause(400);
    const startedAt = performance.now();
    await secrets.synced();
    return performance.now() - startedAt;
  };
  try {
    // Opens the connection and warms up, as in a running runner.
    await connection.findGateway(stack.gatewayId, AbortSignal.timeout(10_000));
    const first = await took();
    const active = await database.query("select from public.secrets where sync_status = 'active'");
    if (active.rowCount !== count) throw new Error(`${active.rowCount} of ${count} became active`);
    const [filesBefore, rowsBefore, requestsBefore] = [await filesOf(path), await states(), proxy.requests()];
    const unchanged: number[] = [];
    for (let round = 0; round < 9; round++) unchanged.push(await took());
    const [filesAfter, rowsAfter] = [await filesOf(path), await states()];
    return {
      first,
      unchanged: median(unchanged),
      requests: (proxy.requests() - requestsBefore) / unchanged.length,
      rewritten: [...filesAfter].filter(([file, inode]) => filesBefore.get(file) !== inode).length,
      patched: rowsAfter.rows.filter(({ row }, at) => row !== rowsBefore.rows[at]?.row).length,
    };
  } finally {
    await secrets.close();
    connection.close();
    await proxy.close();
  }
}

async function* syncs(bench: SecretsBench): AsyncGenerator<Figure> {
  const thousand = await sync(bench, 1_000);
  yield atMost('1,000 secrets, 50 agents: first sync', thousand.first, older.first / 2, 'ms');
  yield atMost('unchanged re-sync, median', thousand.unchanged, older.unchanged / 2, 'ms');
  yield atMost('unchanged re-sync: requests', thousand.requests, 2, '', 1);
  yield atMost('unchanged re-sync: files written', thousand.rewritten, 0, '');
  yield atMost('unchanged re-sync: rows written', thousand.patched, 0, '');
  const many = await sync(bench, 5_000);
  yield noted(
    '5,000 secrets: first sync / unchanged',
    `${many.first.toFixed(0)} / ${many.unchanged.toFixed(0)} ms`,
  );
}

async function setSecret({ client }: SecretsBench, key: string, value: string): Promise<void> {
  const { data, error } = await client.rpc('set_secret', {
    p_key: key,
    p_value: value,
    p_gateway: 'default',
  });
  if (error || data?.refused) throw new Error(error?.message ?? data.refused.message);
}

async function settled({ database }: SecretsBench, like: string): Promise<boolean> {
  const { rows } = await database.query<{ open: number }>(
    "select count(*)::int as open from public.secrets where key like $1 and sync_status <> 'active'",
    [like],
  );
  return rows[0]?.open === 0;
}

/** Stores many secrets at once, as a script would. */
async function* bursts(bench: SecretsBench): AsyncGenerator<Figure> {
  const proxy = await openProxy(bench.stack.url);
  const secretsDirectory = join(bench.home, 'burst');
  const runner = await startBenchRunner({
    stack: bench.stack,
    url: proxy.url,
    asShipped: true,
    secretsDirectory,
  });
  try {
    await pause(2_000);
    const values = Array.from({ length: burst }, (_, at) => sealed(bench, `burst ${at}`));
    const before = proxy.requests();
    await Promise.all(values.map((value, at) => setSecret(bench, `BURST_${at}`, value)));
    const writtenAt = performance.now();
    while (!(await settled(bench, 'BURST%'))) await pause(10);
    yield atMost(
      `${burst} secrets at once: last one written to all active`,
      performance.now() - writtenAt,
      1_000,
      'ms',
    );
    await pause(1_500);
    yield atMost(`${burst} secrets at once: requests of the runner`, proxy.requests() - before, 10, '');
  } finally {
    await runner.stop();
    await proxy.close();
  }
}

/** Returns milliseconds from the request that changes a secret until its file contains the new value. */
async function changes(bench: SecretsBench, file: string, count: number): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < count; round++) {
    const value = `changed ${round} ${performance.now()}`;
    const envelope = sealed(bench, value);
    const startedAt = performance.now();
    await setSecret(bench, 'CHANGING', envelope);
    while (!(await readFile(file, 'utf8').catch(() => '')).includes(value)) await pause(2);
    samples.push(performance.now() - startedAt);
    await pause(100 + ((round * 97) % 400));
  }
  return samples;
}

async function* changeToFile(bench: SecretsBench): AsyncGenerator<Figure> {
  for (const hasRealtime of [true, false]) {
    const proxy = await openProxy(bench.stack.url, hasRealtime ? 'open' : 'no-realtime');
    const secretsDirectory = join(bench.home, `change-${hasRealtime}`);
    const runner = await startBenchRunner({
      stack: bench.stack,
      url: proxy.url,
      asShipped: true,
      secretsDirectory,
      hasRealtime,
      pollSeconds,
    });
    try {
      await pause(2_000);
      const samples = await changes(bench, join(secretsDirectory, 'gateway.env'), hasRealtime ? 40 : 10);
      yield hasRealtime
        ? atMost('change to file on disk, p95', percentile(samples, 0.95), 1_000, 'ms')
        : atMost(
            `the same without Realtime, poll of ${pollSeconds} s, longest`,
            Math.max(...samples) / 1000,
            pollSeconds,
            's',
            1,
          );
    } finally {
      await runner.stop();
      await proxy.close();
    }
  }
}

export async function* measure(): AsyncGenerator<Figure> {
  const stack = await startBenchStack();
  const client = createClient(stack.url, stack.anonKey, { auth: { persistSession: false } });
  const { error } = await client.auth.signInWithPassword({ email: stack.email, password: stack.password });
  if (error) throw error;
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  const home = await mkdtemp(join(tmpdir(), 'hq-bench-secrets-'));
  const bench: SecretsBench = { stack, client, database, home };
  try {
    await addAgents(bench);
    yield* syncs(bench);
    yield* bursts(bench);
    yield* changeToFile(bench);
  } finally {
    await client.auth.signOut();
    await database.end();
    await stack.stop();
    await rm(home, { recursive: true });
  }
}
