import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TurnRequest } from '@hq/shared/gateway';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addAwakeAgent, assignTask } from '../../../db/testing/dispatch.ts';
import {
  type AgentWork,
  startTurnsGateway,
  type TurnsGateway,
} from '../../../gateway/testing/turns-gateway.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { connectDatabase } from '../database.ts';
import { GatewayControl } from '../gateway-control.ts';
import { noWakes } from '../testing/no-services.ts';
import { until } from '../testing/runner-harness.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';

const limitMs = 60_000;
let hq: TestStack;
let directory: string;
let gatewayId: string;
let gateway: TurnsGateway;
let dispatchers: Dispatcher[] = [];
let count = 0;
/** Work of the agents in this test. */
let work: AgentWork;

beforeAll(async () => {
  hq = await startTestStack();
  directory = mkdtempSync(join(tmpdir(), 'hq-dispatch-'));
}, limitMs);
afterAll(async () => {
  await hq.close();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  count += 1;
  gatewayId = await hq.database.addGateway(`gateway-${count}`);
  work = async ({ runId }) => {
    await complete(runId);
    return { text: 'done' };
  };
  gateway = await startTurnsGateway(join(directory, `${count}.sock`), (...turn) => work(...turn));
});
afterEach(async () => {
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));
  dispatchers = [];
  gateway.close();
});

const query = (sql: string, values: readonly unknown[] = []) => hq.database.query(sql, values);
const itemOf = (runId: string) => runId.split(':')[1] ?? '';
/** Completes an item, as the agent does with its tool. */
const complete = (runId: string) =>
  query(`update agent_inbox_items set status = 'done', completed_at = now() where id = $1`, [itemOf(runId)]);

function start(options: Partial<DispatcherOptions> = {}): Dispatcher {
  const { url, serviceRoleKey } = hq;
  const dispatcher = new Dispatcher({
    ...{
      database: connectDatabase({ url, serviceRoleKey }),
      gatewayId,
      runnerId: `runner-${dispatchers.length}`,
    },
    ...{ gateway: new GatewayControl(gateway.socket), gatewayStays: true, sweepMs: 200, leaseSeconds: 3 },
    limits: { ...noWakes, max_concurrent_wakes: 2, wake_cooldown: 0 },
    log: createLog('fatal', createRedactor([])),
    ...options,
  });
  dispatcher.start();
  dispatchers.push(dispatcher);
  return dispatcher;
}

const addAgent = (slug: string) => addAwakeAgent(hq.database, `${slug}-${count}`, gatewayId);
const assign = async (title: string, agent: string) => {
  const task = await assignTask(hq.database, title, agent);
  const [item] = await query('select id from agent_inbox_items where task_id = $1', [task]);
  return String(item?.id);
};
const item = async (id: string) =>
  (await query('select status, attempt_count as attempts from agent_inbox_items where id = $1', [id]))[0];
const becomes = (id: string, status: string) =>
  until(`the item to be ${status}`, async () => (await item(id))?.status === status, limitMs);
const inFlight = async () =>
  (await query('select 1 from hq.agent_dispatch where gateway_id = $1 and token is not null', [gatewayId]))
    .length;
const isOver = () => until('no turn to be in flight', async () => (await inFlight()) === 0, limitMs);

/** Work that waits for a word of the test, or for an abort. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const began: TurnRequest[] = [];
  let aborted = 0;
  const run: AgentWork = async (request, emit, signal) => {
    began.push(request);
    emit({ tool: { name: 'hq_take', phase: 'start' } });
    const abort = new Promise<'aborted'>((resolveAbort) =>
      signal.addEventListener('abort', () => resolveAbort('aborted'), { once: true }),
    );
    if ((await Promise.race([promise, abort])) === 'aborted') {
      aborted += 1;
      return { status: 'aborted' };
    }
    await complete(request.runId);
    return { text: 'done' };
  };
  return { run, began, release: resolve, aborted: () => aborted };
}

describe('the dispatcher', { timeout: 2 * limitMs }, () => {
  test('wakes an agent for one item after the other, in their order, with a session for each', async () => {
    const maya = await addAgent('maya');
    const items = [await assign('One', maya), await assign('Two', maya), await assign('Three', maya)];
    start();
    for (const id of items) await becomes(id, 'done');
    expect(gateway.begun.map(({ runId }) => itemOf(runId))).toEqual(items);
    expect(new Set(gateway.begun.map(({ sessionKey }) => sessionKey)).size).toBe(3);
    expect(gateway.begun[0]).toMatchObject({ detached: true, message: expect.stringContaining('One') });
  });

  test('wakes at most as many agents as it may, and the longest waiting one next', async () => {
    const agents = [await addAgent('maya'), await addAgent('noor'), await addAgent('kim')];
    const waiting = held();
    work = waiting.run;
    for (const agent of agents) await assign('Work', agent);
    start();
    await until('two turns', () => waiting.began.length === 2, limitMs);
    expect(await inFlight()).toBe(2);
    waiting.release();
    await until('the third', () => waiting.began.length === 3, limitMs);
    await isOver();
  });

  test('asks no gateway that is not ready, and leaves the items alone', async () => {
    const maya = await addAgent('maya');
    gateway.isReady = false;
    const id = await assign('Wait', maya);
    start();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await item(id)).toEqual({ status: 'pending', attempts: 0 });
    gateway.isReady = true;
    await becomes(id, 'done');
  });

  test('doubles nothing with a second runner of the gateway', async () => {
    const agents = [await addAgent('maya'), await addAgent('noor'), await addAgent('kim')];
    const items: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (const agent of agents) items.push(await assign(`Task ${round}`, agent));
    }
    start();
    start();
    for (const id of items) await becomes(id, 'done');
    expect(gateway.begun.map(({ runId }) => itemOf(runId)).sort()).toEqual(items.sort());
  });

  test('aborts the turn of an agent that is paused, without an attempt, and shows what agents do', async () => {
    const maya = await addAgent('maya');
    const waiting = held();
    work = waiting.run;
    const id = await assign('Be paused', maya);
    start();
    await until(
      'the activity',
      async () =>
        (await query('select tool from agent_activity where agent_id = $1', [maya]))[0]?.tool === 'hq_take',
      limitMs,
    );
    await query(`update agents set status = 'paused' where id = $1`, [maya]);
    await isOver();
    expect(waiting.aborted()).toBe(1);
    expect(await item(id)).toEqual({ status: 'pending', attempts: 0 });
  });

  test('follows its turns after a restart, and those of a runner that is gone, and begins none again', async () => {
    const maya = await addAgent('maya');
    const waiting = held();
    work = waiting.run;
    const id = await assign('Outlive', maya);
    const first = start();
    await until('the turn', () => waiting.began.length === 1, limitMs);
    expect(first.restart()).toBe(1);
    await until('the turn to be followed', () => first.state().turns === 1, limitMs);
    await first.stop();
    const second = start();
    await until('the turn to be followed by the next', () => second.state().turns === 1, limitMs);
    waiting.release();
    await becomes(id, 'done');
    await isOver();
    expect(gateway.begun).toHaveLength(1);
    expect(waiting.aborted()).toBe(0);
  });

  test('aborts and gives back its turns when it stops together with its gateway', async () => {
    const maya = await addAgent('maya');
    const waiting = held();
    work = waiting.run;
    const id = await assign('Stop', maya);
    const dispatcher = start({ gatewayStays: false });
    await until('the turn', () => waiting.began.length === 1, limitMs);
    await dispatcher.stop();
    expect(waiting.aborted()).toBe(1);
    expect(await item(id)).toEqual({ status: 'pending', attempts: 0 });
    expect(await inFlight()).toBe(0);
  });

  test('ends a turn at its time limit, and counts it', async () => {
    const maya = await addAgent('maya');
    work = async () => ({ status: 'timeout', error: 'It did not end within 1 s.', fault: 'agent' });
    const id = await assign('Hang', maya);
    start();
    await becomes(id, 'dead_letter');
    expect(await item(id)).toEqual({ status: 'dead_letter', attempts: 3 });
  });

  test('stores the end of a turn when the database is back', async () => {
    const maya = await addAgent('maya');
    const waiting = held();
    work = waiting.run;
    const id = await assign('Wait for it', maya);
    const dispatcher = start({ leaseSeconds: 60 });
    await until('the turn', () => waiting.began.length === 1, limitMs);
    await hq.stopApi();
    waiting.release();
    await until('the end of the turn', () => dispatcher.state().unsentTurns === 1, limitMs);
    await hq.startApi();
    await isOver();
    expect(await item(id)).toEqual({ status: 'done', attempts: 1 });
  });
});
