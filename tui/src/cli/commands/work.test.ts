import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAwakeAgent, assignTask } from '../../../../db/testing/dispatch.ts';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, viewer, as, asOperator } = cli;
afterAll(cli.close);

let maya: string;
let task: string;
beforeAll(async () => {
  await stack.database.query(`update gateways set last_seen_at = clock_timestamp() where id = $1`, [
    cli.gateway,
  ]);
  maya = await addAwakeAgent(stack.database, 'maya', cli.gateway);
  await addAwakeAgent(stack.database, 'otto', cli.gateway);
  task = await assignTask(stack.database, 'Count the chairs', maya);
});

const document = async (args: readonly string[]) =>
  JSON.parse((await call([...args, '--json'], { env: as(viewer) })).stdout);
const setStatus = (status: string) =>
  stack.database.query(`update agents set status = $2 where id = $1`, [maya, status]);
const report = (conditions: readonly object[]) =>
  stack.database.query(`select report_agent_health($1, $2)`, [
    cli.gateway,
    JSON.stringify({ 'home-maya': conditions }),
  ]);
const mute = { kind: 'mute', subject: 'telegram', reason: 'telegram: it is not running' };

describe('hq-tui tasks and inbox', () => {
  it('say why each task and item waits', async () => {
    await setStatus('paused');
    expect((await asOperator(['tasks'])).stdout).toMatch(
      /STATUS\s+AGENT\s+AGE\s+DUE\s+TASK\s+WAITS\n\S+\s+todo\s+maya\s+now\s+–\s+Count the chairs\s+the agent is paused/,
    );
    expect((await document(['tasks'])).tasks).toEqual([
      expect.objectContaining({
        ...{ id: task, title: 'Count the chairs', status: 'todo', agent: 'maya' },
        waits: { reason: 'agent_paused', until: null, place: 1, text: 'the agent is paused' },
      }),
    ]);
    expect((await asOperator(['inbox', 'maya'])).stdout).toMatch(
      /maya\s+pending\s+0\/3\s+now\s+Count the chairs\s+the agent is paused/,
    );
    expect((await document(['inbox'])).inbox).toMatchObject([
      { agent: 'maya', eventType: 'task_assignment', taskId: task, waits: { reason: 'agent_paused' } },
    ]);
    await setStatus('ready');
  });

  it('show one agent, one status, or those that are over', async () => {
    expect((await asOperator(['inbox', 'otto'])).stderr).toContain('Nothing waits in an inbox.');
    expect((await asOperator(['inbox', 'nobody'])).stderr).toContain('There is no agent “nobody”.');
    expect((await document(['tasks', '--agent', 'otto'])).tasks).toEqual([]);
    await stack.database.query(`insert into tasks (title, status) values ('Old', 'done')`);
    expect((await document(['tasks'])).tasks).toHaveLength(1);
    expect((await document(['tasks', '--all'])).tasks).toHaveLength(2);
    expect((await document(['tasks', '--status', 'done'])).tasks).toMatchObject([
      { title: 'Old', waits: null },
    ]);
  });
});

describe('hq-tui usage', () => {
  it('lists what agents spent, with their budgets', async () => {
    expect((await asOperator(['usage'])).stderr).toContain('Nothing was spent this month.');
    await stack.database.query(
      `insert into agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd, occurred_at)
       values ($1, 'r', 'p', 'm', 1200, 0.5, clock_timestamp())`,
      [maya],
    );
    await stack.database.query(`update agent_budgets set monthly_limit_usd = 20 where agent_id = $1`, [maya]);
    expect((await asOperator(['usage'])).stdout).toMatch(/maya\s+0\.50\s+0\.50\s+20\.00\s+1200\s+1\s+ok/);
    expect((await document(['usage'])).usage).toMatchObject([
      { agent: 'maya', costUsd: 0.5, todayUsd: 0.5, tokens: 1200, runs: 1, limitUsd: 20, status: 'ok' },
    ]);
  });
});

describe('the health of agents', () => {
  it('is in the table and the document of agents', async () => {
    await report([mute]);
    const { stdout } = await asOperator(['agents', '--wide']);
    expect(stdout).toMatch(/AGENT\s+STATUS\s+FOR\s+WHY\s+HELPS/);
    expect(stdout).toMatch(/maya\s+mute\s+now\s+telegram: it is not running\s+Restart the gateway/);
    expect(stdout).toMatch(/otto\s+idle\s+–\s+nothing to do\s+–/);
    expect((await document(['agents', '--status', 'mute'])).agents).toMatchObject([
      {
        ...{ slug: 'maya', status: 'ready' },
        health: {
          ...{ state: 'mute', reason: 'telegram: it is not running', until: null, queued: 1, needs: 0 },
          ...{ help: expect.stringContaining('restart the gateway'), since: expect.any(String) },
          action: expect.objectContaining({ action: 'restart_gateway', allowed: false }),
        },
      },
    ]);
  });

  it('is in the status, which names who does not answer', async () => {
    await report([mute]);
    const status = await document(['status']);
    expect(status.health).toMatchObject([
      { agent: 'maya', state: 'mute' },
      { agent: 'otto', state: 'idle' },
    ]);
    expect(status.attention).toMatchObject([
      { kind: 'agent-trouble', name: 'maya', reason: 'mute: telegram: it is not running' },
    ]);
    const { stdout } = await asOperator(['status']);
    expect(stdout).toContain('Agents: 1 mute, 1 idle');
    expect(stdout).toMatch(/maya\s+mute: telegram: it is not running/);
    await report([]);
    expect((await document(['status'])).attention).toEqual([]);
  });
});
