import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSecretsKeys, seal } from '@hq/shared/secrets';
import pg from 'pg';
import { type BenchStack, startBenchStack } from './stack.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title = 'Re-encrypting every secret by hq-tui secrets rekey, on real Postgres';

const program = fileURLToPath(new URL('../tui/src/main.ts', import.meta.url));
const many = 10_000;
const sampleMs = 50;

interface Run {
  readonly seconds: number;
  /** Highest MiB in the first and in the second half of the run. */
  readonly memory: readonly [first: number, second: number];
}

async function fill(database: pg.Client, stack: BenchStack, count: number): Promise<void> {
  const { current } = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey });
  await database.query('delete from secrets');
  for (let from = 0; from < count; from += 1_000) {
    const rows = Array.from({ length: Math.min(1_000, count - from) }, (_, at) => ({
      key: `KEY_${from + at}`,
      encrypted_value: seal(`${from + at} ${randomBytes(36).toString('base64')}`, current),
    }));
    await database.query(
      `insert into secrets (gateway_id, key, encrypted_value)
       select $1, r.key, r.encrypted_value from jsonb_to_recordset($2) r (key text, encrypted_value text)`,
      [stack.gatewayId, JSON.stringify(rows)],
    );
  }
}

function rekey(stack: BenchStack, envFile: string): Promise<Run> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program, 'secrets', 'rekey', '--yes', '--json'], {
    env: {
      PATH: process.env.PATH ?? '',
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      HQ_EMAIL: stack.email,
      HQ_PASSWORD: stack.password,
      HQ_ENV_FILE: envFile,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const samples: number[] = [];
  const sampling = setInterval(() => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    samples.push(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }, sampleMs);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      clearInterval(sampling);
      const half = Math.floor(samples.length / 2);
      const memory = [Math.max(...samples.slice(0, half)), Math.max(...samples.slice(half))] as const;
      if (code === 0) resolve({ seconds: (performance.now() - startedAt) / 1000, memory });
      else reject(new Error(`it ended with ${code}: ${stderr}`));
    });
  });
}

export async function* measure(): AsyncGenerator<Figure> {
  const stack = await startBenchStack();
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  const folder = await mkdtemp(join(tmpdir(), 'hq-bench-rekey-'));
  try {
    await database.connect();
    const envFile = join(folder, 'hq.env');
    const settings = {
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      HOSTED_SECRETS_KEY: randomBytes(32).toString('hex'),
      SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: stack.serviceRoleKey,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(envFile, lines.join(''), { mode: 0o600 });

    await fill(database, stack, many);
    const { seconds, memory } = await rekey(stack, envFile);
    yield atMost(`${many} secrets, counted before and after`, seconds, 60, 's', 1);
    yield noted('highest resident memory', `${Math.max(...memory).toFixed(0)} MB`);
    yield atMost('memory of the second half against the first', memory[1] / memory[0], 1.1, 'times', 2);
    yield atMost('a second run, with nothing left to do', (await rekey(stack, envFile)).seconds, 60, 's', 1);
  } finally {
    await database.end();
    await stack.stop();
    await rm(folder, { recursive: true });
  }
}
