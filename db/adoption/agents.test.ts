import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../testing/agent-call.ts';
import { service, type TestDatabase } from '../testing/database.ts';
import { enqueue } from '../testing/enqueue.ts';
import { exchange } from '../testing/exchange.ts';
import { runOlderDaemon } from '../testing/older-daemon.ts';
import { older, openAdoptedHq, owner } from '../testing/older-hq.ts';
import { onAdopted } from '../testing/on-adopted.ts';

const { gateway, scout } = older;

describe('agents of an adopted HQ', () => {
  let database: TestDatabase;
  let call: AgentCall;
  beforeAll(async () => {
    database = await openAdoptedHq();
    call = await asAgent(database, scout);
  });
  afterAll(() => database.drop());

  test('work with the older HQ’s tables and triggers', async () => {
    const created = await call('create_task', { title: 'New', priority: 'urgent', due: '2026-12-24T18:00Z' });
    await call('comment', { task: created.id, body: 'On it, @main', mentions: ['main'] });
    await call('set_task_status', { task: created.id, status: 'blocked', note: 'A key is missing' });
    await call('submit_deliverable', { task: created.id, label: 'A map', url: 'https://example.test/map' });
    await call('notify', { title: 'Look at it', task: created.id });
    expect(await call('task', { task: created.id })).toMatchObject({
      ...{ title: 'New', status: 'blocked', priority: 'urgent', assignee: 'scout', due: '2026-12-24' },
      comments: [
        { body: 'On it, @main', by: 'scout' },
        { body: 'A key is missing', by: 'scout' },
      ],
      links: [{ label: 'A map', review_status: 'in_review' }],
    });
    expect(
      await database.query(`select assignee_type, assignee_agent_id from tasks where title = 'New'`),
    ).toEqual([{ assignee_type: 'agent', assignee_agent_id: scout }]);
  });

  test('take and end the items of their inbox', async () => {
    await database.as(owner, `insert into tasks (title, assignee_agent_id) values ('Theirs', $1)`, [scout]);
    const [item] = await database.query<{ id: string }>(
      `select id from agent_inbox_items where agent_id = $1 and summary = 'Theirs'`,
      [scout],
    );
    expect(await call('take_item', { item: item?.id })).toMatchObject({
      status: 'leased',
      task: { title: 'Theirs' },
    });
    expect(await call('complete_item', { item: item?.id })).toMatchObject({ status: 'done' });
  });

  test('are woken by each change of the assignee, also when a task comes back', async () => {
    const [task] = await database.as<{ id: string }>(
      owner,
      `insert into tasks (title, assignee_agent_id) values ('To and fro', $1) returning id`,
      [scout],
    );
    const [other] = await database.query<{ id: string }>(`select id from agents where slug = 'main'`);
    const give = (agent: string | undefined) =>
      database.as(owner, 'update tasks set assignee_agent_id = $2 where id = $1', [task?.id, agent]);
    const items = () =>
      database.query<{ status: string; mine: boolean }>(
        `select status::text, agent_id = $2 as mine from agent_inbox_items where task_id = $1 order by created_at, completed_at`,
        [task?.id, scout],
      );
    await give(other?.id);
    await give(scout);
    const withdrawn = { status: 'done' };
    expect(await items()).toEqual([
      { ...withdrawn, mine: true },
      { ...withdrawn, mine: false },
      { status: 'pending', mine: true },
    ]);
  });

  test('record their usage, although columns are missing, and their pairings', async () => {
    const usage = {
      ...{ run_id: 'r1', provider: 'p', model: 'm', total_tokens: 3, occurred_at: new Date().toISOString() },
      ...{ cost_input_usd: 0.1, cost_total_usd: 0.2 },
    };
    expect(await call('record_usage', usage)).toEqual({ recorded: true });
    expect(await call('record_usage', usage)).toEqual({ recorded: false });
    expect(await call('budget')).toMatchObject({ allowed: true, spent_usd: 1.7 });
    await call('pairing_requested', { channel: 'telegram', account: 'scout', sender: '1', code: 'ABC' });
    expect(
      await database.query(`select title from notifications where type::text = 'pairing_requested'`),
    ).toEqual([{ title: '1 asks to write to scout on telegram' }]);
  });

  test('are described for the gateway, those with an older name too', async () => {
    const [row] = await database.as<{ agents: object[] }>(service, `select gateway_agents($1) as agents`, [
      gateway,
    ]);
    expect(row?.agents).toMatchObject([
      { slug: 'main', branch: 'main' },
      { slug: 'scout', credential: true },
    ]);
    await database.as(service, `select agent_failed($1, 'no room')`, [scout]);
    await database.as(service, `select agent_provisioned($1, 'scout', 'scout')`, [scout]);
    expect(await database.query(`select status, branch from agents where id = $1`, [scout])).toEqual([
      { status: 'ready', branch: 'scout' },
    ]);
  });

  test('cannot be told another branch by a member', async () => {
    await database.as(owner, `update agents set branch = 'main', openclaw_id = 'main' where id = $1`, [
      scout,
    ]);
    expect(await database.query(`select branch from agents where id = $1`, [scout])).toEqual([
      { branch: 'scout' },
    ]);
  });
});

describe('provisioning on an adopted HQ', () => {
  const provision = (database: TestDatabase, payload: object, slug = 'scout') =>
    database.as(
      owner,
      `insert into agent_commands (gateway_id, agent_slug, action, payload) values ($1, $2, 'provision', $3)`,
      [gateway, slug, JSON.stringify(payload)],
    );
  const nulls = { channel: 'none', owner_name: null, owner_timezone: null, session: 7 };

  onAdopted('the web product’s command passes, and its daemon runs it', async (database) => {
    await database.query(`delete from agent_commands`);
    await provision(database, nulls);
    await provision(database, nulls, 'unknown-yet');
    expect(await runOlderDaemon(database)).toEqual(['provision', 'provision']);
  });

  onAdopted('a runner gets it with the fields that it knows, and the agent has them', async (database) => {
    await database.query(`delete from agent_commands`);
    await exchange(database, { gateway, beat: {} });
    await database.as(owner, `insert into agents (name, slug, gateway_id) values ('Fox', 'fox', $1)`, [
      gateway,
    ]);
    await provision(database, { ...nulls, channel: 'slack', emoji: '🦊' }, 'fox');
    const { claimed } = await exchange(database, { gateway, claim: 5 });
    expect(claimed).toMatchObject([
      { action: 'provision', agent_slug: 'fox', payload: { channel: 'slack', emoji: '🦊' } },
    ]);
    expect(await database.query(`select meta, branch from agents where slug = 'fox'`)).toEqual([
      { meta: { channel: 'slack', emoji: '🦊' }, branch: 'fox' },
    ]);
  });

  onAdopted('HQ’s own clients provision and remove', async (database) => {
    const answer = await enqueue(database, owner, 'provision', {
      gateway: 'default',
      payload: { slug: 'bee' },
    });
    expect(answer).toMatchObject({ created: true, command: { agent_slug: 'bee' } });
    const [bee] = await database.query<{ id: string }>(`select id from agents where slug = 'bee'`);
    expect((await enqueue(database, owner, 'remove', { agent: 'bee' })).refused).toBeUndefined();
    await database.as(service, `select agent_removed($1)`, [bee?.id]);
    expect(await database.query(`select 1 from agents where slug = 'bee'`)).toEqual([]);
  });
});
