import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startTurnsGateway } from '../gateway/testing/turns-gateway.ts';
import { connectDatabase } from '../runner/src/database.ts';
import { Dispatcher } from '../runner/src/dispatch/dispatcher.ts';
import { GatewayControl } from '../runner/src/gateway-control.ts';
import { Realtime } from '../runner/src/realtime.ts';
import { sleep } from '../shared/src/program/index.ts';
import { createLog } from '../shared/src/program/log.ts';
import { createRedactor } from '../shared/src/text/index.ts';
import { percentile } from './percentile.ts';
import { startBenchRunner } from './runner.ts';
import { type BenchStack, startBenchStack } from './stack.ts';
import { atLeast, atMost, type Figure, noted } from './table.ts';

export const title = 'The dispatcher, with a gateway that answers at once';

const samples = 200;
const gateways = 10;
const agentsOfGateway = 20;
const itemsOfAgent = 50;
const items = gateways * agentsOfGateway * itemsOfAgent;
const longestMs = 15 * 60_000;
const limits = {
  ...{ max_concurrent_wakes: 2, wake_cooldown: 0, max_wake_cooldown: 900, max_consecutive_failures: 5 },
  ...{ agent_process_timeout: 300, stale_item_age_hours: 24 },
};

export async function* measure(): AsyncGenerator<Figure> {
  const stack = await startBenchStack();
  const directory = mkdtempSync(join(tmpdir(), 'hq-bench-dispatch-'));
  const pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 8 });
  // A connection may still be closing when Postgres stops.
  pool.on('error', () => undefined);
  try {
    yield noted('load of the machine before', loadavg()[0]?.toFixed(1) ?? '');
    yield atMost(
      'task assigned → turn accepted, p95',
      percentile(await wakes(stack, pool, directory), 0.95),
      1_000,
      'ms',
    );
    yield* drain(stack, pool, directory);
    yield* stopAll(stack, pool, directory);
  } finally {
    await pool.end();
    await stack.stop();
    rmSync(directory, { recursive: true });
  }
}

/** Adds agents that may wake. Returns their ids and credentials. */
async function addAgents(pool: pg.Pool, gateway: string, prefix: string, count: number) {
  const { rows } = await pool.query<{ id: string; token: string }>(
    `with made as (
       insert into agents (slug, name, status, gateway_id, openclaw_id)
       select $2 || n, $2 || n, 'ready', $1, $2 || n from generate_series(1, $3) n returning id)
     select id, issue_agent_credential(id) as token from made`,
    [gateway, prefix, count],
  );
  return rows;
}

/** Ends an item with the agent's own credential. */
async function complete(pool: pg.Pool, token: string, runId: string): Promise<void> {
  const item = runId.split(':')[1];
  await pool.query(`select agent_call($1, 'complete_item', $2)`, [token, JSON.stringify({ item })]);
}

/** Milliseconds from the insert of a task to the beginning of its turn, with a runner that Realtime wakes. */
async function wakes(stack: BenchStack, pool: pg.Pool, directory: string): Promise<number[]> {
  const [agent] = await addAgents(pool, stack.gatewayId, 'one', 1);
  if (agent === undefined) throw new Error('there is no agent');
  let onBegun: () => void = () => undefined;
  const controlSocket = join(directory, 'one.sock');
  const gateway = await startTurnsGateway(controlSocket, async ({ runId }) => {
    onBegun();
    await complete(pool, agent.token, runId);
    return {};
  });
  const runner = await startBenchRunner({ stack, controlSocket });
  const took: number[] = [];
  for (let round = 0; round < samples; round += 1) {
    const { promise, resolve } = Promise.withResolvers<void>();
    onBegun = resolve;
    const beganAt = performance.now();
    await pool.query('insert into tasks (title, assignee_agent_id) values ($1, $2)', [
      `task ${round}`,
      agent.id,
    ]);
    await promise;
    took.push(performance.now() - beganAt);
    await isIdle(pool);
  }
  await runner.stop();
  gateway.close();
  return took;
}

async function isIdle(pool: pg.Pool): Promise<void> {
  const endAt = performance.now() + longestMs;
  for (;;) {
    const { rows } = await pool.query('select 1 from hq.agent_dispatch where token is not null limit 1');
    if (rows.length === 0) return;
    if (performance.now() > endAt) throw new Error('a turn did not end');
    await sleep(10);
  }
}

interface Fleet {
  readonly stack: BenchStack;
  readonly pool: pg.Pool;
  readonly directory: string;
  /** Slugs of its agents begin so. */
  readonly prefix: string;
  readonly turnsOfGateway: number;
  /** Turn of an agent, which has this credential. */
  readonly work: (turn: {
    agent: string;
    runId: string;
    token: string;
    signal: AbortSignal;
  }) => Promise<void>;
}

/** Adds gateways with agents. Returns a dispatcher for each, which is not started, with what belongs to it. */
function addGateways({ stack, pool, directory, prefix, turnsOfGateway, work }: Fleet) {
  const { url, serviceRoleKey } = stack;
  return Promise.all(
    Array.from({ length: gateways }, async (_, index) => {
      const { rows } = await pool.query<{ id: string }>(
        `insert into gateways (slug, label, status) values ($1, $1, 'ready') returning id`,
        [`${prefix}-${index}`],
      );
      const gatewayId = rows[0]?.id ?? '';
      const agents = await addAgents(pool, gatewayId, `${prefix}${index}n`, agentsOfGateway);
      const slugs = await pool.query<{ id: string; slug: string }>(
        'select id, slug from agents where gateway_id = $1',
        [gatewayId],
      );
      const tokens = new Map(
        slugs.rows.map(({ id, slug }) => [slug, agents.find((agent) => agent.id === id)?.token ?? '']),
      );
      const socket = join(directory, `${prefix}${index}.sock`);
      const gateway = await startTurnsGateway(socket, async ({ agent, runId }, _emit, signal) => {
        await work({ agent, runId, token: tokens.get(agent) ?? '', signal });
        return {};
      });
      const dispatcher = new Dispatcher({
        ...{ gatewayId, runnerId: `bench-${index}`, sweepMs: 60_000, gatewayStays: true },
        limits: { ...limits, max_concurrent_wakes: turnsOfGateway },
        database: connectDatabase({ url, serviceRoleKey, timeoutMs: 60_000 }),
        gateway: new GatewayControl(socket),
        log: createLog('fatal', createRedactor([])),
      });
      return { gatewayId, dispatcher, gateway, slugs: [...tokens.keys()] };
    }),
  );
}

async function addItems(pool: pg.Pool, prefix: string, count: number): Promise<void> {
  await pool.query(
    `insert into agent_inbox_items (agent_id, agent_slug, event_type, summary, created_at)
     select a.id, a.slug, 'routine_event', 'item ' || n, now() - interval '1 hour' + n * interval '1 second'
     from agents a, generate_series(1, $1) n where a.slug like $2`,
    [count, `${prefix}%n%`],
  );
  await pool.query('vacuum analyze agent_inbox_items');
}

async function* drain(stack: BenchStack, pool: pg.Pool, directory: string): AsyncGenerator<Figure> {
  /** Items of each agent in the order in which their turns began. */
  const begun = new Map<string, string[]>();
  let leastAtHalf = Number.NaN;
  let total = 0;
  const parts = await addGateways({
    ...{ stack, pool, directory, prefix: 'g', turnsOfGateway: limits.max_concurrent_wakes },
    work: async ({ agent, runId, token }) => {
      begun.get(agent)?.push(runId.split(':')[1] ?? '');
      total += 1;
      if (total === items / 2) leastAtHalf = Math.min(...[...begun.values()].map((of) => of.length));
      await complete(pool, token, runId);
    },
  });
  for (const slug of parts.flatMap(({ slugs }) => slugs)) begun.set(slug, []);
  await addItems(pool, 'g', itemsOfAgent);
  const beganAt = performance.now();
  for (const { dispatcher } of parts) dispatcher.start();
  while (total < items && performance.now() - beganAt < longestMs) await sleep(50);
  await isIdle(pool);
  const seconds = (performance.now() - beganAt) / 1_000;
  for (const { dispatcher, gateway } of parts) {
    await dispatcher.stop();
    gateway.close();
  }
  const { rows } = await pool.query<{ slug: string; ids: string[] }>(
    `select agent_slug as slug, array_agg(id::text order by created_at, id) as ids from agent_inbox_items
     where agent_slug like 'g%n%' and status = 'done' group by agent_slug`,
  );
  const inOrder = rows.filter(({ slug, ids }) => begun.get(slug)?.join() === ids.join()).length;
  yield atLeast(`${items} items over ${gateways * agentsOfGateway} agents: wakes`, total / seconds, 50, '/s');
  yield atMost('items woken twice or never', Math.abs(total - items), 0, 'items');
  yield atLeast('agents whose items ran once and in order', inOrder, gateways * agentsOfGateway, 'agents');
  yield atLeast('items of the slowest agent when half was done', leastAtHalf, itemsOfAgent / 4, 'items');
}

/** Stops everything while each agent is in a turn that ends by an abort alone, with runners that Realtime wakes. */
async function* stopAll(stack: BenchStack, pool: pg.Pool, directory: string): AsyncGenerator<Figure> {
  let running = 0;
  const parts = await addGateways({
    ...{ stack, pool, directory, prefix: 's', turnsOfGateway: agentsOfGateway },
    work: async ({ signal }) => {
      running += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      running -= 1;
    },
  });
  await addItems(pool, 's', 1);
  const ignore = () => undefined;
  const watches = parts.map(({ gatewayId, dispatcher }) => {
    dispatcher.start();
    return new Realtime({
      ...{ url: stack.url, serviceRoleKey: stack.serviceRoleKey, gatewayId },
      ...{ onCommandHint: ignore, onTrustChange: ignore, onHeartbeatWanted: ignore },
      onGateway: (row) => dispatcher.onVersion(row.dispatch_version),
    });
  });
  const isTrue = async (condition: () => boolean) => {
    const endAt = performance.now() + longestMs;
    while (!condition() && performance.now() < endAt) await sleep(10);
  };
  await isTrue(() => running === gateways * agentsOfGateway && watches.every((w) => w.trust() !== 'joining'));
  const turns = running;
  const beganAt = performance.now();
  await pool.query(`insert into agent_commands (action) values ('stop_all')`);
  await isTrue(() => running === 0);
  const silentMs = performance.now() - beganAt;
  await isIdle(pool);
  await Promise.all(watches.map((watch) => watch.close()));
  for (const { dispatcher, gateway } of parts) {
    await dispatcher.stop();
    gateway.close();
  }
  yield atLeast('turns that run when everything is stopped', turns, gateways * agentsOfGateway, 'turns');
  yield atMost('stop_all → the last of them is aborted', silentMs, 5_000, 'ms');
}
