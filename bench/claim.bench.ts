import pg from 'pg';
import { migratedTemplate, startTestCluster } from '../db/testing/cluster.ts';
import { median, percentile } from './percentile.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title = 'A claim on a direct connection, by the size of the history';

const rounds = 400;

/** Returns milliseconds of exchanges that claim one command and complete the previous one. */
async function claims(client: pg.Client, gateway: string): Promise<number[]> {
  const samples: number[] = [];
  let results: readonly unknown[] = [];
  for (let round = 0; round < rounds + 50; round += 1) {
    await client.query(`insert into agent_commands (action, gateway_id) values ('ping', $1)`, [gateway]);
    const startedAt = performance.now();
    const { rows } = await client.query<{ turn: { claimed: readonly { lease_token: string }[] } }>(
      `select runner_exchange($1, 'bench', 1, p_results => $2) as turn`,
      [gateway, JSON.stringify(results)],
    );
    const took = performance.now() - startedAt;
    const claimed = rows[0]?.turn.claimed ?? [];
    if (claimed.length !== 1) throw new Error('the exchange claimed no command');
    results = claimed.map(({ lease_token: token }) => ({ token, status: 'done' }));
    if (round >= 50) samples.push(took);
  }
  await client.query(`select runner_exchange($1, 'bench', p_results => $2)`, [
    gateway,
    JSON.stringify(results),
  ]);
  return samples;
}

export async function* measure(): AsyncGenerator<Figure> {
  const cluster = await startTestCluster();
  const client = new pg.Client({ connectionString: cluster.urlFor(migratedTemplate, 'supabase_admin') });
  try {
    await client.connect();
    const { rows } = await client.query<{ id: string }>('select id from gateways');
    const gateway = rows[0]?.id ?? '';
    const show = (samples: readonly number[]) =>
      `${median(samples).toFixed(2)} / ${percentile(samples, 0.99).toFixed(2)} ms`;
    const empty = await claims(client, gateway);
    yield noted('no history, p50 / p99', show(empty));
    await client.query('set session_replication_role = replica');
    await client.query(
      `insert into agent_commands (gateway_id, tenant_id, action, status, created_at, completed_at, lease_token, stdout)
       select $1, '00000000-0000-0000-0000-000000000000',
         (array['ping', 'restart_gateway', 'stack_status', 'tail_logs']::command_action[])[1 + n % 4],
         (array['done', 'done', 'failed', 'cancelled']::command_status[])[1 + n % 4],
         now() - n * interval '1 minute', now() - n * interval '1 minute', gen_random_uuid(), 'output'
       from generate_series(1, 1000000) n`,
      [gateway],
    );
    await client.query('set session_replication_role = origin');
    await client.query('vacuum analyze agent_commands');
    const full = await claims(client, gateway);
    yield noted('1,000,000 finished rows, p50 / p99', show(full));
    yield atMost('1,000,000 finished rows against none, p50', median(full) / median(empty), 1.5, 'times', 2);
  } finally {
    await client.end();
    await cluster.stop();
  }
}
