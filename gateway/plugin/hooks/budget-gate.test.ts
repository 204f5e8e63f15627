import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { service } from '../../../db/testing/database.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { type AgentRecords, agentRecords } from '../agent-records.ts';
import { createAgentApi } from '../hq-api/agent-api.ts';
import { Outbox } from '../hq-api/outbox.ts';
import { BudgetGate } from './budget-gate.ts';
import { CallsInFlight } from './calls-in-flight.ts';

const minute = 60_000;

let stack: TestStack;
let state: string;
let records: AgentRecords;
let now: number;
let isUp = true;
const gate = (longestWaitMs?: number) => {
  const api = createAgentApi({ supabaseUrl: stack.url, anonKey: stack.anonKey });
  const calls = new CallsInFlight();
  const outbox = new Outbox(state);
  return new BudgetGate({
    ...{ stateDir: state, api, records, outbox, calls, now: () => now },
    ...(longestWaitMs === undefined ? {} : { longestWaitMs }),
  });
};
const stopApi = async () => {
  await stack.stopApi();
  isUp = false;
};
const pause = (status: 'paused' | 'ready') =>
  stack.database.query('update public.agents set status = $1', [status]);

beforeAll(async () => {
  stack = await startTestStack();
  const agentId = await stack.database.addAgent('maya', await stack.database.addGateway('attic'));
  const [issued] = await stack.database.as<{ token: string }>(
    service,
    'select issue_agent_credential($1) as token',
    [agentId],
  );
  state = mkdtempSync(join(tmpdir(), 'hq-budget-'));
  await mkdir(join(state, 'hq', 'agents'), { recursive: true });
  writeFileSync(
    join(state, 'hq', 'agents', 'maya.json'),
    JSON.stringify({ agentId, slug: 'maya', token: issued?.token }),
  );
  records = agentRecords(state, () => undefined);
});
beforeEach(async () => {
  now = Date.parse('2026-11-30T12:00:00Z');
  rmSync(join(state, 'hq', 'budgets'), { recursive: true, force: true });
  await pause('ready');
  await stack.database.query('update public.agent_budgets set monthly_limit_usd = null');
});
afterEach(async () => {
  if (!isUp) await stack.startApi();
  isUp = true;
});
afterAll(async () => {
  rmSync(state, { recursive: true });
  await stack.close();
});

it('says what HQ says, each time that a run begins', async () => {
  const asked = gate();
  expect(await asked.beforeRun('maya')).toBeNull();
  await pause('paused');
  expect(await asked.beforeRun('maya')).toBe('An operator has paused this agent.');
  await pause('ready');
  expect(await asked.beforeRun('maya')).toBeNull();
});

it('asks again between tool calls only after some seconds, or when the agent has spent', async () => {
  const asked = gate();
  await asked.beforeRun('maya');
  await pause('paused');
  expect(await asked.beforeTool('maya')).toBeNull();
  now += 6_000;
  expect(await asked.beforeTool('maya')).not.toBeNull();
  await pause('ready');
  expect(await asked.beforeTool('maya')).not.toBeNull();
  asked.forget('maya');
  expect(await asked.beforeTool('maya')).toBeNull();
});

it('holds the last answer for 15 minutes while the database is away, and is closed then', async () => {
  const asked = gate();
  await asked.beforeRun('maya');
  await stopApi();
  now += 14 * minute;
  expect(await asked.beforeRun('maya')).toBeNull();
  now += 2 * minute;
  expect(await asked.beforeRun('maya')).toContain('HQ’s database does not answer');
});

it('holds a refusal while the database is away', async () => {
  const asked = gate();
  await pause('paused');
  await asked.beforeRun('maya');
  await stopApi();
  expect(await asked.beforeRun('maya')).toBe('An operator has paused this agent.');
});

it('knows the last answer after a restart, and is closed without one', async () => {
  await gate().beforeRun('maya');
  await stopApi();
  expect(await gate().beforeRun('maya')).toBeNull();
  now -= minute; // a clock that was set back makes every answer doubtful
  expect(await gate().beforeRun('maya')).not.toBeNull();
  for (const file of await readdir(join(state, 'hq', 'budgets'))) rmSync(join(state, 'hq', 'budgets', file));
  now += minute;
  expect(await gate().beforeRun('maya')).not.toBeNull();
});

it('asks again ten seconds after the database did not answer', async () => {
  const asked = gate();
  await stopApi();
  expect(await asked.beforeRun('maya')).not.toBeNull();
  await stack.startApi();
  isUp = true;
  expect(await asked.beforeRun('maya')).not.toBeNull();
  now += 11_000;
  expect(await asked.beforeRun('maya')).toBeNull();
});

it('holds the last answer for a minute while a new credential is on its way', async () => {
  const file = join(state, 'hq', 'agents', 'maya.json');
  const before = readFileSync(file, 'utf8');
  const asked = gate();
  await asked.beforeRun('maya');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(before), token: 'f'.repeat(64) }));
  expect(await asked.beforeRun('maya')).toBeNull();
  now += 2 * minute;
  expect(await asked.beforeRun('maya')).toContain('HQ does not accept the credential of this agent.');
  writeFileSync(file, before);
});

it('is closed for an agent whose record is damaged', async () => {
  writeFileSync(join(state, 'hq', 'agents', 'zed.json'), '{"agentId":');
  expect(await gate().beforeRun('zed')).toContain('HQ’s record of this agent cannot be read');
  rmSync(join(state, 'hq', 'agents', 'zed.json'));
  expect(await gate().beforeRun('zed')).toBeNull();
});

it('is closed for a credential that HQ does not know, and open for agents that HQ does not manage', async () => {
  const other = join(state, 'hq', 'agents', 'other.json');
  writeFileSync(
    other,
    JSON.stringify({ agentId: crypto.randomUUID(), slug: 'other', token: 'f'.repeat(64) }),
  );
  expect(await gate().beforeRun('other')).toContain('HQ does not accept the credential of this agent.');
  rmSync(other);
  expect(await gate().beforeRun('other')).toBeNull();
  expect(await gate().beforeRun(undefined)).toBeNull();
});

describe('near its limit', () => {
  const spend = (usd: number) =>
    stack.database.query(
      `insert into public.agent_usage (agent_id, run_id, provider, model, cost_total_usd)
       select id, gen_random_uuid(), 'p', 'm', $1 from public.agents where slug = 'maya'`,
      [usd],
    );
  const leave = (usd: number) =>
    stack.database.query(
      'update public.agent_budgets set monthly_limit_usd = current_period_spend_usd + $1, hourly_limit_usd = 1000',
      [usd],
    );
  beforeEach(() => spend(1));

  it('an agent begins only calls that fit into what is left, and one more after the other', async () => {
    const asked = gate();
    await leave(5);
    expect(await Promise.all(['a', 'b'].map((run) => asked.beforeRun('maya', run)))).toEqual([null, null]);
    let isThirdIn = false;
    const third = asked.beforeRun('maya', 'c').then((refusal) => {
      isThirdIn = true;
      return refusal;
    });
    asked.callEnded('maya', 'a');
    await spend(4);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(isThirdIn).toBe(false);
    await spend(1);
    asked.callEnded('maya', 'b');
    expect(await third).toContain('Budget exceeded');
  });

  it('a run has one place, whether a tool or the run itself asks for it', async () => {
    const asked = gate(0);
    await leave(0.5);
    expect(await asked.beforeRun('maya', 'a')).toBeNull();
    expect(await asked.beforeTool('maya', 'a')).toBeNull();
    expect(await asked.beforeTool('maya', 'b')).toContain('one model call at a time');
    asked.callEnded('maya', 'a');
    expect(await asked.beforeTool('maya', 'b')).toBeNull();
  });

  it('what HQ was not told yet counts, also while the database is away', async () => {
    const asked = gate(0);
    await leave(0.5);
    expect(await asked.beforeRun('maya', 'a')).toBeNull();
    const outbox = new Outbox(state);
    outbox.add({ agent: 'maya', operation: 'record_usage', args: { cost_total_usd: 0.6 } });
    asked.callEnded('maya', 'a');
    await stopApi();
    expect(await asked.beforeRun('maya', 'b')).toContain('HQ’s database does not answer');
    for (const name of outbox.names()) outbox.remove(name);
    expect(await asked.beforeRun('maya', 'b')).toBeNull();
  });

  it('an agent without a limit makes as many calls as it likes', async () => {
    await stack.database.query(
      'update public.agent_budgets set monthly_limit_usd = null, hourly_limit_usd = null',
    );
    const asked = gate(0);
    const refusals = Array.from({ length: 50 }, (_, n) => asked.beforeRun('maya', `run ${n}`));
    expect((await Promise.all(refusals)).filter((refusal) => refusal !== null)).toEqual([]);
  });
});
