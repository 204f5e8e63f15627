import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { type PluginHarness, startPluginHarness } from '../testing/plugin-harness.ts';
import { hqTools } from './tools/index.ts';

const startMs = 240_000;
const turnMs = 120_000;
const toolNames = hqTools.map(({ name }) => name).sort();

let harness: PluginHarness;
beforeAll(async () => {
  harness = await startPluginHarness(['maya', 'noor', 'kim'], { strangers: ['stranger'] });
  await harness.query('update public.agents set reports_to_id = $1 where id = $2', [
    harness.agents.maya,
    harness.agents.noor,
  ]);
}, startMs);
afterAll(() => harness?.close(), 60_000);

const one = async (sql: string, values: readonly unknown[]) => (await harness.query(sql, values))[0];
const hqToolsOf = (names: readonly string[] = []) => names.filter((name) => name.startsWith('hq_')).sort();
const lastAnswers = () => harness.model.requests.at(-1)?.answers ?? [];
const answersOfTurn = async (agent: string, ...calls: { tool: string; args: object }[]) => {
  harness.model.play(...calls);
  const turn = await harness.gateway.turn(agent);
  expect(turn).toMatchObject({ status: 'ok' });
  return lastAnswers();
};

describe('the tools of HQ', { timeout: turnMs }, () => {
  it('work on the inbox with the agent’s own credential', async () => {
    const { task, item } = await harness.addTask('maya', 'Write the report');
    const id = item.slice(0, 8);
    harness.model.play(
      { tool: 'hq_inbox', args: {} },
      { tool: 'hq_take', args: { item: id } },
      { tool: 'hq_comment', args: { task, body: 'I begin.', mentions: ['noor'] } },
      { tool: 'hq_set_task_status', args: { task, status: 'done', note: 'It is written.' } },
      { tool: 'hq_complete', args: { item: id, summary: 'Written.' } },
    );
    const turn = await harness.gateway.turn('maya');
    expect(turn).toMatchObject({ status: 'ok' });
    const [inbox, taken, comment, status, completed] = lastAnswers();
    expect(inbox).toContain(`item ${id}: task_assignment, task ${task.slice(0, 8)} "Write the report"`);
    expect(taken).toMatch(/^You have taken this item for ten minutes\.\n/);
    expect([comment, status, completed]).toEqual([
      'The comment was written.',
      'The task is done now.',
      'The item is done and has left your inbox.',
    ]);
    expect(await one('select status, lease_run from public.agent_inbox_items where id = $1', [item])).toEqual(
      {
        status: 'done',
        lease_run: turn.runId,
      },
    );
    expect(
      await harness.query(
        `select body, actor_type, actor_agent_id, mentions from public.comments where entity_id = $1 order by created_at`,
        [task],
      ),
    ).toEqual([
      { body: 'I begin.', actor_type: 'agent', actor_agent_id: harness.agents.maya, mentions: ['noor'] },
      { body: 'It is written.', actor_type: 'agent', actor_agent_id: harness.agents.maya, mentions: [] },
    ]);
    const audited = await harness.query(
      `select distinct actor_type, actor_agent_id from public.audit_log where entity_id = any ($1)`,
      [[task, item]],
    );
    expect(audited).toContainEqual({ actor_type: 'agent', actor_agent_id: harness.agents.maya });
    expect(
      await one(`select event_type from public.agent_inbox_items where agent_id = $1 and task_id = $2`, [
        harness.agents.noor,
        task,
      ]),
    ).toEqual({ event_type: 'task_comment_mention' });
  });

  it('create tasks, delegate to reports, hand in and notify', async () => {
    const [delegated, own, listed] = await answersOfTurn(
      'maya',
      { tool: 'hq_create_task', args: { title: 'Count the cells', assignee: 'noor', due: '2026-12-24' } },
      { tool: 'hq_create_task', args: { title: 'Read the count' } },
      { tool: 'hq_tasks', args: {} },
    );
    expect([delegated, own]).toEqual([
      expect.stringMatching(/^Task [0-9a-f]{8} was created\.$/),
      expect.stringMatching(/^Task [0-9a-f]{8} was created\.$/),
    ]);
    expect(listed).toMatch(/"Count the cells": todo, medium, of noor, due 2026-12-24/);
    const task = await one(`select id, assignee_agent_id from public.tasks where title = $1`, [
      'Read the count',
    ]);
    expect(task?.assignee_agent_id).toBe(harness.agents.maya);
    await answersOfTurn(
      'maya',
      {
        tool: 'hq_submit_deliverable',
        args: { task: task?.id, label: 'The count', url: 'https://example.test/count' },
      },
      { tool: 'hq_notify_operator', args: { title: 'The count is ready', task: task?.id } },
    );
    expect(
      await one(`select review_status, submitted_by_agent_id from public.entity_links where owner_id = $1`, [
        task?.id,
      ]),
    ).toEqual({ review_status: 'in_review', submitted_by_agent_id: harness.agents.maya });
    expect(
      await one(`select actor_agent_id from public.notifications where type = 'agent_notice'`, []),
    ).toEqual({ actor_agent_id: harness.agents.maya });
  });

  it('do not touch the items and tasks of another agent', async () => {
    const { task, item } = await harness.addTask('kim', 'Private');
    const answers = await answersOfTurn(
      'maya',
      { tool: 'hq_item', args: { item } },
      { tool: 'hq_take', args: { item } },
      { tool: 'hq_complete', args: { item } },
      { tool: 'hq_comment', args: { task, body: 'Mine now.' } },
      { tool: 'hq_create_task', args: { title: 'Do this', assignee: 'kim' } },
    );
    for (const answer of answers.slice(0, 3)) expect(answer).toContain('there is no such item');
    expect(answers[3]).toContain('there is no such task');
    expect(answers[4]).toContain('kim does not report to you Give tasks to yourself and to your reports.');
    expect(await one('select status from public.agent_inbox_items where id = $1', [item])).toEqual({
      status: 'pending',
    });
  });

  it('refuse wrong parameters by a sentence, without a stack', async () => {
    const [answer] = await answersOfTurn('maya', { tool: 'hq_fail', args: { item: 'x', reason: 'r' } });
    expect(answer).toContain('item');
    expect(answer).not.toMatch(/ at .*\.(ts|js)|Zod/);
  });

  it('do not exist for an agent without a record', async () => {
    await harness.gateway.turn('stranger');
    expect(hqToolsOf(harness.model.requests.at(-1)?.tools)).toEqual([]);
    await harness.gateway.turn('kim');
    expect(hqToolsOf(harness.model.requests.at(-1)?.tools)).toEqual(toolNames);
  });

  it('say what to do when the database is away, and show no credential', async () => {
    const { item } = await harness.addTask('kim', 'Away');
    let answers: readonly string[] = [];
    await harness.gateway.turn('kim'); // the budget's answer of this turn holds while the database is away
    await harness.stack.stopApi();
    try {
      answers = await answersOfTurn('kim', { tool: 'hq_take', args: { item } });
    } finally {
      await harness.stack.startApi();
    }
    expect(answers[0]).toContain('HQ’s database cannot be reached. Go on without it, and try again later.');
    const log = readFileSync(join(harness.gateway.stateDir, 'gateway.log'), 'utf8');
    for (const token of Object.values(harness.tokens)) {
      expect(log).not.toContain(token);
      expect(harness.gateway.output()).not.toContain(token);
    }
  });
});

describe('usage', { timeout: turnMs }, () => {
  const usageOf = (runId: string) =>
    harness.query(
      `select agent_id, provider, model, input_tokens::int, output_tokens::int, total_tokens::int, cost_input_usd::float,
         cost_output_usd::float, cost_total_usd::float
       from public.agent_usage where run_id = $1 order by occurred_at`,
      [runId],
    );
  const row = () => ({
    agent_id: harness.agents.maya,
    provider: 'model',
    model: 'one',
    input_tokens: 1_000,
    output_tokens: 100,
    total_tokens: 1_100,
    cost_input_usd: 0.001,
    cost_output_usd: 0.0002,
    cost_total_usd: 0.0012,
  });

  it('is recorded with tokens and cost, once for each model call', async () => {
    harness.model.play({ tool: 'hq_inbox', args: {} });
    const { runId } = await harness.gateway.turn('maya');
    await eventually(async () => expect(await usageOf(runId)).toEqual([row(), row()]));
    await eventually(async () => expect(await harness.gateway.call('hq.ping')).toMatchObject({ waiting: 0 }));
    expect(await usageOf(runId)).toHaveLength(2);
  });

  it(
    'is kept in a private file while the database is away, also when the gateway is killed, and recorded once',
    async () => {
      await harness.gateway.turn('maya');
      await eventually(async () =>
        expect(await harness.gateway.call('hq.ping')).toMatchObject({ waiting: 0 }),
      );
      await harness.stack.stopApi();
      const outbox = join(harness.gateway.stateDir, 'hq', 'outbox');
      let runId = '';
      try {
        ({ runId } = await harness.gateway.turn('maya'));
        const [file] = readdirSync(outbox).filter((name) => name.endsWith('.json'));
        expect(statSync(join(outbox, file ?? '')).mode & 0o777).toBe(0o600);
        await harness.gateway.killAndStart();
        expect(await harness.gateway.call('hq.ping')).toMatchObject({ waiting: 1 });
      } finally {
        await harness.stack.startApi();
      }
      await eventually(async () => expect(await usageOf(runId)).toEqual([row()]));
      await eventually(() => expect(readdirSync(outbox)).toEqual(['refused']));
      expect(readdirSync(join(outbox, 'refused'))).toEqual([]);
    },
    startMs,
  );
});

describe('the budget', { timeout: turnMs }, () => {
  const setLimit = (limit: number | null) =>
    harness.query(`update public.agent_budgets set monthly_limit_usd = $2 where agent_id = $1`, [
      harness.agents.noor,
      limit,
    ]);
  beforeAll(async () => {
    await harness.gateway.turn('noor');
    await eventually(async () =>
      expect(
        await one('select status from public.agent_budgets where agent_id = $1', [harness.agents.noor]),
      ).toBeDefined(),
    );
  }, turnMs);
  beforeEach(() => setLimit(null));

  it('stops a run before its first model request', async () => {
    await setLimit(0.0001);
    await harness.gateway.turn('noor');
    const before = harness.model.requests.length;
    const turn = await harness.gateway.turn('noor');
    expect(turn.status).toBe('error');
    expect(turn.error).toContain('Budget exceeded: this agent has spent its budget of this month');
    expect(harness.model.requests).toHaveLength(before);
  });

  it('stops a run that spends it up, at its next tool call', async () => {
    const [{ spent } = { spent: 0 }] = await harness.query<{ spent: number }>(
      'select current_period_spend_usd::float as spent from public.agent_budgets where agent_id = $1',
      [harness.agents.noor],
    );
    await setLimit(Number((spent + 0.01).toFixed(2)));
    const inbox = { tool: 'hq_inbox', args: {} };
    harness.model.play(...Array.from({ length: 40 }, () => inbox));
    const before = harness.model.requests.length;
    const turn = await harness.gateway.turn('noor');
    const made = harness.model.requests.length - before;
    expect(turn.status).not.toBe('ok');
    expect(made).toBeGreaterThan(1);
    expect(made).toBeLessThan(40);
  });

  it('stops the turns of a paused agent', async () => {
    await harness.query(`update public.agents set status = 'paused' where id = $1`, [harness.agents.noor]);
    const before = harness.model.requests.length;
    const turn = await harness.gateway.turn('noor');
    await harness.query(`update public.agents set status = 'ready' where id = $1`, [harness.agents.noor]);
    expect(turn.error).toContain('An operator has paused this agent.');
    expect(harness.model.requests).toHaveLength(before);
  });
});

describe('the environment of commands', { timeout: turnMs }, () => {
  it('has the secrets of the agent, and none of another', async () => {
    const secrets = join(harness.gateway.stateDir, 'secrets');
    mkdirSync(join(secrets, 'agents'), { recursive: true, mode: 0o700 });
    writeFileSync(join(secrets, 'gateway.env'), "OF_ALL='shared'\n");
    writeFileSync(join(secrets, 'agents', 'maya.env'), "OF_ALL='shared'\nOF_MAYA='it'\\''s hers'\n");
    writeFileSync(join(secrets, 'agents', 'noor.env'), "OF_ALL='shared'\nOF_NOOR='his'\n");
    const seen = { tool: 'exec', args: { command: 'env | grep ^OF_ | sort' } };
    expect((await answersOfTurn('maya', seen))[0]).toContain("OF_ALL=shared\nOF_MAYA=it's hers");
    expect((await answersOfTurn('stranger', seen))[0]).not.toContain('OF_');
    const [noor] = await answersOfTurn('kim', seen);
    expect(noor).toContain('OF_ALL=shared');
    expect(noor).not.toContain('OF_MAYA');
  });
});
