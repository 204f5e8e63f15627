import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTelegramServer, type TelegramServer } from '../../bots/fakes/telegram-server/index.ts';
import { eventually } from '../../db/testing/eventually.ts';
import { startLimitMs } from '../src/testing/running-gateway.ts';
import { type PluginHarness, type Step, startPluginHarness } from './testing/plugin-harness.ts';
import { hqTools } from './tools/index.ts';

const turnMs = 120_000;
const toolNames = hqTools.map(({ name }) => name).sort();

let telegram: TelegramServer;
let harness: PluginHarness;
beforeAll(async () => {
  telegram = await startTelegramServer();
  harness = await startPluginHarness(['maya', 'noor', 'kim'], ['stranger'], {
    channels: {
      telegram: {
        enabled: true,
        apiRoot: telegram.url,
        accounts: { bot: { botToken: telegram.token, dmPolicy: 'pairing' } },
      },
    },
    bindings: [{ agentId: 'maya', match: { channel: 'telegram', accountId: 'bot' } }],
  });
  await harness.query('update public.agents set reports_to_id = $1 where slug = $2', [idOf('maya'), 'noor']);
}, startLimitMs);
afterAll(async () => {
  await harness?.close();
  await telegram?.close();
}, 60_000);

const idOf = (slug: string) => harness.agents[slug]?.id;
const one = async (sql: string, values: readonly unknown[] = []) => (await harness.query(sql, values))[0];
const call = (tool: string, args: Readonly<Record<string, unknown>> = {}): Step => ({
  tool,
  arguments: args,
});
const lastAnswers = () => harness.requests.at(-1)?.answers ?? [];
const hqToolsOfLastRequest = () =>
  (harness.requests.at(-1)?.tools ?? []).filter((name) => name.startsWith('hq_')).sort();
const answersOf = async (agent: string, ...steps: readonly Step[]) => {
  expect(await harness.turn(agent, ...steps)).toMatchObject({ status: 'ok' });
  return lastAnswers();
};
const answerAsOperator = (question: unknown, answer: string) =>
  harness.query(`insert into public.agent_commands (action, payload) values ('answer_question', $1)`, [
    JSON.stringify({ question, answer }),
  ]);
const outboxIsEmpty = () =>
  eventually(async () => expect(await harness.call('hq.ping')).toMatchObject({ waiting: 0 }));

describe('the tools of HQ', { timeout: turnMs }, () => {
  it('work on the inbox with the agent’s own credential', async () => {
    const { task, item } = await harness.addTask('maya', 'Write the report');
    const id = item.slice(0, 8);
    const turn = await harness.turn(
      'maya',
      call('hq_inbox'),
      call('hq_take', { item: id }),
      call('hq_comment', { task, body: 'I begin.', mentions: ['noor'] }),
      call('hq_set_task_status', { task, status: 'done', note: 'It is written.' }),
      call('hq_complete', { item: id, summary: 'Written.' }),
    );
    expect(turn).toMatchObject({ status: 'ok' });
    const [inbox, taken, ...rest] = lastAnswers();
    expect(inbox).toContain(`item ${id}: task_assignment, task ${task.slice(0, 8)} "Write the report"`);
    expect(taken).toMatch(/^You have taken this item for ten minutes\.\n/);
    expect(rest).toEqual([
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
    const author = { actor_type: 'agent', actor_agent_id: idOf('maya') };
    expect(
      await harness.query(
        `select body, actor_type, actor_agent_id, mentions from public.comments where entity_id = $1 order by created_at`,
        [task],
      ),
    ).toEqual([
      { body: 'I begin.', ...author, mentions: ['noor'] },
      { body: 'It is written.', ...author, mentions: [] },
    ]);
    expect(
      await harness.query(
        `select distinct actor_type, actor_agent_id from public.audit_log
         where entity_id = any ($1) and action::text in ('task.status_set', 'item.taken', 'item.completed')`,
        [[task, item]],
      ),
    ).toEqual([author]);
    expect(
      await one(`select event_type from public.agent_inbox_items where agent_id = $1 and task_id = $2`, [
        idOf('noor'),
        task,
      ]),
    ).toEqual({ event_type: 'task_comment_mention' });
  });

  it('create tasks, delegate to reports, hand in and notify', async () => {
    const due = '2026-12-24T17:00:00Z';
    const [delegated, own, listed] = await answersOf(
      'maya',
      call('hq_create_task', { title: 'Count the cells', assignee: 'noor', due }),
      call('hq_create_task', { title: 'Read the count' }),
      call('hq_tasks'),
    );
    expect(delegated).toMatch(/^Task [0-9a-f]{8} was created\.$/);
    expect(own).toMatch(/^Task [0-9a-f]{8} was created\.$/);
    expect(listed).toContain('"Count the cells": todo, medium, of noor, due 2026-12-24 17:00 UTC');
    const task = await one(`select id, assignee_agent_id from public.tasks where title = 'Read the count'`);
    expect(task?.assignee_agent_id).toBe(idOf('maya'));
    await answersOf(
      'maya',
      call('hq_submit_deliverable', {
        task: task?.id,
        label: 'The count',
        url: 'https://example.test/count',
      }),
      call('hq_notify_operator', { title: 'The count is ready', task: task?.id }),
    );
    expect(
      await one(`select review_status, submitted_by_agent_id from public.entity_links where owner_id = $1`, [
        task?.id,
      ]),
    ).toEqual({ review_status: 'in_review', submitted_by_agent_id: idOf('maya') });
    expect(await one(`select actor_agent_id from public.notifications where type = 'agent_notice'`)).toEqual({
      actor_agent_id: idOf('maya'),
    });
  });

  it('read an item and its task, and give it back with the reason', async () => {
    const { task, item } = await harness.addTask('kim', 'Find the key');
    await harness.query(
      `insert into public.comments (entity_type, entity_id, body) values ('task', $1, 'It was here.')`,
      [task],
    );
    const [read, whole, failed] = await answersOf(
      'kim',
      call('hq_item', { item }),
      call('hq_task', { task: task.slice(0, 8) }),
      call('hq_fail', { item, reason: 'Nobody has it.' }),
    );
    expect(read).toContain(`task:\n  id: ${task}\n  title: Find the key`);
    expect(whole).toContain('body: It was here.');
    expect(failed).toBe('The item failed. HQ gives it to you again later.');
    expect(
      await one('select status, attempt_count from public.agent_inbox_items where id = $1', [item]),
    ).toEqual({ status: 'pending', attempt_count: 1 });
  });

  it('ask the operators: the turn goes on with the answer', async () => {
    const { item } = await harness.addTask('noor', 'Deploy it');
    const ask = {
      question: 'Deploy on a Friday?',
      choices: ['yes', 'no'],
      free_text: false,
      wait_seconds: 60,
    };
    const turn = harness.begin('noor', call('hq_take', { item }), call('hq_ask_operator', ask));
    const asked = await eventually(async () => {
      const row = await one('select id, item_id from public.agent_questions');
      expect(row).toMatchObject({ item_id: item });
      return row;
    });
    await answerAsOperator(asked?.id, 'no');
    const answeredAt = Date.now();
    expect(await turn.ended).toMatchObject({ status: 'ok' });
    expect(Date.now() - answeredAt).toBeLessThan(15_000);
    expect(lastAnswers().at(-1)).toBe('The answer of an operator: no');
    expect(
      await one(
        `select extract(epoch from delivered_at - answered_at)::float < 2 as soon,
           (select count(*)::int from public.agent_inbox_items where event_type::text = 'question_answer') as items
         from public.agent_questions`,
      ),
    ).toEqual({ soon: true, items: 0 });
  });

  it('ask the operators: an answer after the turn wakes the agent', async () => {
    const [answer] = await answersOf(
      'kim',
      call('hq_ask_operator', { question: 'Which key?', wait_seconds: 1 }),
    );
    expect(answer).toMatch(/^Nobody has answered yet\..* you are woken with the answer\.$/);
    const asked = await one(`select id from public.agent_questions where question = 'Which key?'`);
    await answerAsOperator(asked?.id, 'The red one');
    const [inbox] = await answersOf('kim', call('hq_inbox'));
    expect(inbox).toContain('question_answer, "answered "The red one" by an operator: Which key?"');
  });

  it('do not touch the items and tasks of another agent', async () => {
    const { task, item } = await harness.addTask('kim', 'Private');
    const answers = await answersOf(
      'maya',
      call('hq_item', { item }),
      call('hq_take', { item }),
      call('hq_complete', { item }),
      call('hq_comment', { task, body: 'Mine now.' }),
      call('hq_create_task', { title: 'Do this', assignee: 'kim' }),
    );
    for (const answer of answers.slice(0, 3)) expect(answer).toContain('there is no such item');
    expect(answers[3]).toContain('there is no such task');
    expect(answers[4]).toContain('kim does not report to you. Give tasks to yourself and to your reports.');
    expect(await one('select status from public.agent_inbox_items where id = $1', [item])).toEqual({
      status: 'pending',
    });
  });

  it('do not exist for an agent without a record', async () => {
    await harness.turn('stranger');
    expect(hqToolsOfLastRequest()).toEqual([]);
    await harness.turn('kim');
    expect(hqToolsOfLastRequest()).toEqual(toolNames);
  });

  it('say what to do when the database is away, and show no credential', async () => {
    const { item } = await harness.addTask('kim', 'Away');
    // HQ's answer about the budget in this turn holds while the database is away.
    await harness.turn('kim');
    await harness.stack.stopApi();
    try {
      const [answer] = await answersOf('kim', call('hq_take', { item }));
      expect(answer).toContain('HQ’s database cannot be reached. Go on without it, and try again later.');
      expect(answer).not.toMatch(/ at .*\.(ts|js)/);
    } finally {
      await harness.stack.startApi();
    }
    const log = readFileSync(harness.home.file('gateway.log'), 'utf8');
    for (const { token } of Object.values(harness.agents)) {
      expect(log).not.toContain(token);
      expect(harness.output()).not.toContain(token);
    }
  });
});

describe('usage', { timeout: turnMs }, () => {
  const rowsOf = (runId: string) =>
    harness.query<{ tokens: number; cost: number; parts: number; agent_id: string }>(
      `select agent_id, provider, model, total_tokens::int as tokens, cost_total_usd::float as cost,
         (cost_input_usd + cost_output_usd + cost_cache_read_usd + cost_cache_write_usd)::float as parts
       from public.agent_usage where run_id = $1 order by occurred_at`,
      [runId],
    );

  it('is recorded with tokens and cost, once for each model call', async () => {
    const { runId, usage } = await harness.turn('maya', call('hq_inbox'));
    await eventually(async () => expect(await rowsOf(runId)).toHaveLength(2));
    await outboxIsEmpty();
    const rows = await rowsOf(runId);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({ agent_id: idOf('maya'), provider: 'model', model: 'one' });
    expect(rows.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(usage?.total);
    expect(rows.reduce((sum, { cost }) => sum + cost, 0)).toBeCloseTo(usage?.costUsd ?? 0, 5);
    for (const { parts, cost } of rows) expect(parts).toBeCloseTo(cost, 5);
    expect(usage?.costUsd).toBeGreaterThan(0);
  });

  it(
    'of a run that a kill cuts off while the database is away is kept, and recorded once',
    async () => {
      await harness.turn('maya');
      await outboxIsEmpty();
      await harness.stack.stopApi();
      const outbox = harness.home.file('hq', 'outbox');
      const entries = () => readdirSync(outbox).filter((name) => name.endsWith('.json'));
      let runId = '';
      try {
        const turn = harness.begin('maya', call('hq_tasks'), 'silence');
        ({ runId } = turn);
        const isCutOff = expect(turn.ended).rejects.toThrow();
        await eventually(() => expect(entries()).toHaveLength(1));
        expect(statSync(`${outbox}/${entries()[0]}`).mode & 0o777).toBe(0o600);
        await harness.killAndStart();
        await isCutOff;
        expect(entries().length).toBeGreaterThanOrEqual(1);
      } finally {
        await harness.stack.startApi();
      }
      await eventually(async () => expect(await rowsOf(runId)).toHaveLength(1));
      await outboxIsEmpty();
      expect(await rowsOf(runId)).toEqual([
        expect.objectContaining({ agent_id: idOf('maya'), model: 'one' }),
      ]);
      expect(readdirSync(`${outbox}/refused`)).toEqual([]);
    },
    startLimitMs,
  );
});

describe('the budget', { timeout: turnMs }, () => {
  const setLimit = (limit: number | null) =>
    harness.query(`update public.agent_budgets set monthly_limit_usd = $2 where agent_id = $1`, [
      idOf('noor'),
      limit,
    ]);
  beforeAll(async () => {
    await harness.turn('noor');
    await outboxIsEmpty();
  }, turnMs);
  beforeEach(() => setLimit(null));

  it('stops a run before its first model request', async () => {
    await setLimit(0.01);
    await harness.query('update public.agent_budgets set current_period_spend_usd = 1 where agent_id = $1', [
      idOf('noor'),
    ]);
    await harness.query(`update public.agent_budgets set status = 'exceeded' where agent_id = $1`, [
      idOf('noor'),
    ]);
    const before = harness.requests.length;
    const turn = await harness.turn('noor');
    expect(turn.status).toBe('error');
    expect(turn.error).toContain(
      'Budget exceeded: this agent has spent its budget of this month ($1.00 of $0.01)',
    );
    expect(harness.requests).toHaveLength(before);
  });

  it('stops a run that spends it up, at its next tool call', async () => {
    const spent = await one(
      'select current_period_spend_usd::float as usd from public.agent_budgets where agent_id = $1',
      [idOf('noor')],
    );
    await setLimit(Number((Number(spent?.usd) + 0.05).toFixed(2)));
    const before = harness.requests.length;
    const turn = await harness.turn('noor', ...Array.from({ length: 40 }, () => call('hq_inbox')));
    const made = harness.requests.length - before;
    expect(turn.status).not.toBe('ok');
    expect(made).toBeGreaterThan(1);
    expect(made).toBeLessThan(40);
  });

  it('is overspent by one call at most, however many turns begin together', async () => {
    const figures = async () =>
      (
        await harness.query<{ dearest: number; spent: number }>(
          `select max(u.cost_total_usd)::float as dearest, max(b.current_period_spend_usd)::float as spent
           from public.agent_budgets b join public.agent_usage u using (agent_id) where b.agent_id = $1`,
          [idOf('noor')],
        )
      )[0] ?? { dearest: Number.NaN, spent: Number.NaN };
    const room = 2.5 * (await figures()).dearest;
    await setLimit(100);
    await harness.query(
      `update public.agent_budgets set hourly_limit_usd = 1000, current_period_spend_usd = 100 - $2::numeric where agent_id = $1`,
      [idOf('noor'), room],
    );
    const before = harness.requests.length;
    const turns = await Promise.all(Array.from({ length: 50 }, () => harness.begin('noor').ended));
    await outboxIsEmpty();
    const { dearest, spent } = await figures();
    expect(spent - 100).toBeLessThanOrEqual(dearest);
    const ended = turns.filter(({ status }) => status === 'ok');
    expect(ended.length).toBeGreaterThan(0);
    expect(harness.requests.length - before).toBe(ended.length);
    const refused = turns.filter(({ error }) => /Budget exceeded|one model call at a time/.test(error ?? ''));
    expect(refused.length).toBe(50 - ended.length);
  }, 400_000);

  it('stops the turns of a paused agent', async () => {
    await harness.query(`update public.agents set status = 'paused' where slug = 'noor'`);
    const before = harness.requests.length;
    const turn = await harness.turn('noor');
    await harness.query(`update public.agents set status = 'ready' where slug = 'noor'`);
    expect(turn.error).toContain('An operator has paused this agent.');
    expect(harness.requests).toHaveLength(before);
  });
});

describe('the environment of commands', { timeout: turnMs }, () => {
  it('has the secrets of the agent, and none of another', async () => {
    mkdirSync(harness.home.file('secrets', 'agents'), { recursive: true, mode: 0o700 });
    const write = (text: string, ...path: string[]) =>
      writeFileSync(harness.home.file('secrets', ...path), text);
    write("OF_ALL='shared'\n", 'gateway.env');
    write("OF_ALL='shared'\nOF_MAYA='it'\\''s hers'\n", 'agents', 'maya.env');
    write("OF_ALL='shared'\nOF_NOOR='his'\n", 'agents', 'noor.env');
    const look = call('exec', { command: 'env | grep ^OF_ | sort; echo end' });
    expect(await answersOf('maya', look)).toEqual(["OF_ALL=shared\nOF_MAYA=it's hers\nend"]);
    expect(await answersOf('kim', look)).toEqual(['OF_ALL=shared\nend']);
    expect(await answersOf('stranger', look)).toEqual(['end']);
  });
});

describe('a person who writes to an agent for the first time', { timeout: turnMs }, () => {
  it('is shown in HQ as a pairing request of that agent, with the code of OpenClaw', async () => {
    const ann = telegram.person('Ann');
    telegram.write(ann, telegram.direct(ann), 'Hello');
    const request = await eventually(async () => {
      const row = await one(
        'select agent_id, channel, account, sender, status, code from public.pairing_requests',
      );
      expect(row).toBeDefined();
      return row;
    });
    expect(request).toEqual({
      agent_id: idOf('maya'),
      channel: 'telegram',
      account: 'bot',
      sender: String(ann.id),
      status: 'pending',
      code: expect.stringMatching(/^[A-Z0-9]{6,}$/),
    });
    const { channel, account, sender, code } = request ?? {};
    expect(await harness.call('hq.pairings')).toEqual({
      requests: [expect.objectContaining({ channel, account, sender, code })],
    });
    expect(
      await harness.query(
        `select meta ->> 'agent_slug' as agent from public.notifications where type = 'pairing_requested'`,
      ),
    ).toEqual([{ agent: 'maya' }]);
  });
});
