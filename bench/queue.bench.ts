import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { Logger, makeWorkerUtils, run as runGraphileWorker } from 'graphile-worker';
import pg from 'pg';
import { openProxy } from '../db/testing/proxy.ts';
import { median, percentile } from './percentile.ts';
import { startBenchRunner } from './runner.ts';
import { type BenchStack, startBenchStack } from './stack.ts';
import { atLeast, atMost, type Figure, noted } from './table.ts';

export const title = 'The queue, on Postgres with fsync behind the local stack (HTTP from enqueue to done)';

/** Numbers of HQ 0.2's daemon on a similar machine: milliseconds from the row to done, and no-ops a second. */
const older = { p50: 24, drainPerSecond: 41 };

interface QueueBench {
  readonly stack: BenchStack;
  readonly client: SupabaseClient;
  readonly database: pg.Client;
}

async function enqueue({ client }: QueueBench, action: string): Promise<{ id: string; sentAt: number }> {
  const sentAt = performance.timeOrigin + performance.now();
  const { data, error } = await client.rpc('enqueue_command', { p_action: action, p_gateway: 'default' });
  if (error || data?.refused) throw new Error(error?.message ?? data.refused.message);
  return { id: data.command.id, sentAt };
}

/** Times of a row's insert and result, in epoch milliseconds of the database's clock, which is this machine's. */
interface Span {
  readonly createdAt: number;
  readonly doneAt: number;
}

/** Waits until the row is done, without much load. */
async function spanOf({ database }: QueueBench, id: string, boundMs = 90_000): Promise<Span> {
  const until = Date.now() + boundMs;
  while (Date.now() < until) {
    const { rows } = await database.query<{ created: number; done: number | null; status: string }>(
      `select extract(epoch from created_at)::float8 * 1000 as created,
              extract(epoch from completed_at)::float8 * 1000 as done, status
       from public.agent_commands where id = $1`,
      [id],
    );
    const [row] = rows;
    if (row && row.done !== null) {
      if (row.status !== 'done') throw new Error(`the command ended as ${row.status}`);
      return { createdAt: row.created, doneAt: row.done };
    }
    await pause(5);
  }
  throw new Error(`the command was not done within ${boundMs} ms`);
}

/** Returns milliseconds until done for one command after the other: from its row, and from the client's request. */
async function latencies(
  bench: QueueBench,
  count: number,
  between: () => number,
): Promise<{ fromRow: number[]; fromRequest: number[] }> {
  const fromRow: number[] = [];
  const fromRequest: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id, sentAt } = await enqueue(bench, 'ping');
    const { createdAt, doneAt } = await spanOf(bench, id);
    fromRow.push(doneAt - createdAt);
    fromRequest.push(doneAt - sentAt);
    await pause(between());
  }
  return { fromRow, fromRequest };
}

async function idleQueue(bench: QueueBench): Promise<Figure[]> {
  const runner = await startBenchRunner({ stack: bench.stack });
  try {
    await latencies(bench, 30, () => 20);
    const { fromRow, fromRequest } = await latencies(bench, 300, () => 30);
    return [
      atMost('no-op, idle queue, row → done, p50', median(fromRow), older.p50 * 0.7, 'ms', 1),
      atMost('no-op, idle queue, row → done, p99', percentile(fromRow, 0.99), 40, 'ms', 1),
      noted(
        'the same from before the client’s request, p50 / p99',
        `${median(fromRequest).toFixed(1)} / ${percentile(fromRequest, 0.99).toFixed(1)} ms`,
      ),
    ];
  } finally {
    await runner.stop();
  }
}

async function yardstick({ stack }: QueueBench): Promise<Figure[]> {
  const finished = new Map<string, (at: number) => void>();
  const worker = await runGraphileWorker({
    connectionString: stack.databaseUrl,
    concurrency: 1,
    noHandleSignals: true,
    logger: new Logger(() => () => undefined),
    taskList: {
      noop: (payload) => {
        const { key } = payload as { key: string };
        finished.get(key)?.(performance.now());
      },
    },
  });
  const sender = await makeWorkerUtils({ connectionString: stack.databaseUrl });
  const samples: number[] = [];
  for (let n = 0; n < 230; n += 1) {
    const key = randomUUID();
    const started = new Promise<number>((resolve) => finished.set(key, resolve));
    const sentAt = performance.now();
    await sender.addJob('noop', { key });
    if (n >= 30) samples.push((await started) - sentAt);
    else await started;
    await pause(20);
  }
  await worker.stop();
  await sender.release();
  return [
    noted(
      'graphile-worker, direct connection, add → start, p50 / p99',
      `${median(samples).toFixed(1)} / ${percentile(samples, 0.99).toFixed(1)} ms`,
    ),
  ];
}

async function withoutRealtime(bench: QueueBench): Promise<Figure[]> {
  const proxy = await openProxy(bench.stack.url, 'no-realtime');
  const runner = await startBenchRunner({ stack: bench.stack, url: proxy.url, hasRealtime: false });
  try {
    const { fromRequest: samples } = await latencies(bench, 40, () => Math.random() * 2_000);
    return [
      atMost('Realtime refused, p50', median(samples) / 1000, 2, 's', 2),
      atMost('Realtime refused, p99', percentile(samples, 0.99) / 1000, 5, 's', 2),
    ];
  } finally {
    await runner.stop();
    await proxy.close();
  }
}

async function behindLongCommand(bench: QueueBench): Promise<Figure[]> {
  const runner = await startBenchRunner({ stack: bench.stack, restartSeconds: 45 });
  try {
    const long = await enqueue(bench, 'restart_gateway');
    await pause(2_000);
    const { fromRequest: samples } = await latencies(bench, 20, () => 100);
    await bench.client.rpc('cancel_command', { p_command_id: long.id });
    return [
      atMost('control command during a 45 s command, worst of 20', percentile(samples, 1) / 1000, 1, 's', 2),
    ];
  } finally {
    await runner.stop();
  }
}

async function queueUp({ database, stack }: QueueBench, count: number): Promise<void> {
  await database.query(
    `insert into public.agent_commands (action, gateway_id, origin)
     select 'ping', $1, 'api' from generate_series(1, $2)`,
    [stack.gatewayId, count],
  );
}

async function drain(
  bench: QueueBench,
  count: number,
  runners: number,
): Promise<{ seconds: number; runTwice: number }> {
  await bench.database.query(`delete from public.agent_commands`);
  const started = await Promise.all(
    Array.from({ length: runners }, () => startBenchRunner({ stack: bench.stack })),
  );
  try {
    await queueUp(bench, count);
    for (;;) {
      const { rows } = await bench.database.query<{ open: number; seconds: number; twice: number }>(
        `select count(*) filter (where status <> 'done')::int as open,
                extract(epoch from max(completed_at) - min(created_at))::float8 as seconds,
                count(*) filter (where attempt <> 1)::int as twice
         from public.agent_commands`,
      );
      const [row] = rows;
      if (row && row.open === 0) return { seconds: row.seconds, runTwice: row.twice };
      await pause(50);
    }
  } finally {
    await Promise.all(started.map((runner) => runner.stop()));
  }
}

async function backlog(bench: QueueBench): Promise<Figure[]> {
  const one = await drain(bench, 500, 1);
  const four = await drain(bench, 2000, 4);
  return [
    atLeast('500 queued no-ops, one runner', 500 / one.seconds, older.drainPerSecond * 5, '/s'),
    noted('2,000 queued no-ops, four runners', `${(2000 / four.seconds).toFixed(0)} /s`),
    atMost('rows run twice by four runners', four.runTwice, 0, 'rows'),
  ];
}

async function afterOutage(bench: QueueBench): Promise<Figure[]> {
  const proxy = await openProxy(bench.stack.url);
  const runner = await startBenchRunner({ stack: bench.stack, url: proxy.url });
  try {
    proxy.set('shut');
    await pause(30_000);
    const { id } = await enqueue(bench, 'ping');
    await pause(30_000);
    const backAt = Date.now();
    proxy.set('open');
    const { rows } = await spanOf(bench, id).then(() =>
      bench.database.query<{ at: Date }>('select started_at as at from public.agent_commands where id = $1', [
        id,
      ]),
    );
    const startedAt = rows[0]?.at.getTime() ?? Number.NaN;
    return [
      atMost('start of the waiting command after a 60 s outage', (startedAt - backAt) / 1000, 3, 's', 2),
    ];
  } finally {
    await runner.stop();
    await proxy.close();
  }
}

async function idleCost(bench: QueueBench): Promise<Figure[]> {
  const proxy = await openProxy(bench.stack.url);
  const runner = await startBenchRunner({ stack: bench.stack, url: proxy.url, asShipped: true });
  try {
    await pause(20_000);
    const before = { requests: proxy.requests(), processor: runner.processorSeconds(), at: Date.now() };
    await pause(120_000);
    const seconds = (Date.now() - before.at) / 1000;
    return [
      atMost('idle: requests a minute', ((proxy.requests() - before.requests) / seconds) * 60, 3, '/min', 1),
      atMost('idle: resident memory', runner.residentMemory(), 100, 'MiB'),
      atMost(
        'idle: processor',
        ((runner.processorSeconds() - before.processor) / seconds) * 100,
        0.5,
        '%',
        2,
      ),
    ];
  } finally {
    await runner.stop();
    await proxy.close();
  }
}

export async function* measure(): AsyncGenerator<Figure> {
  const stack = await startBenchStack();
  const client = createClient(stack.url, stack.anonKey, { auth: { persistSession: false } });
  const { error } = await client.auth.signInWithPassword({ email: stack.email, password: stack.password });
  if (error) throw error;
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  await database.connect();
  const bench: QueueBench = { stack, client, database };
  try {
    const parts = [idleQueue, yardstick, withoutRealtime, behindLongCommand, backlog, afterOutage, idleCost];
    for (const part of parts) yield* await part(bench);
  } finally {
    await client.auth.signOut();
    await database.end();
    await stack.stop();
  }
}
