import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let lead: AgentCall;
let report: AgentCall;
let stranger: AgentCall;
let gateway: string;
let leadId: string;
let reportId: string;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  leadId = await database.addAgent('lead', gateway);
  reportId = await database.addAgent('report', gateway);
  const strangerId = await database.addAgent('stranger', gateway);
  await database.query(`update agents set reports_to_id = $1 where id = $2`, [leadId, reportId]);
  lead = await asAgent(database, leadId);
  report = await asAgent(database, reportId);
  stranger = await asAgent(database, strangerId);
});
afterAll(() => database.drop());

const titles = async (call: AgentCall, args: object = {}) => {
  const { tasks } = await call('tasks', args);
  return (Array.isArray(tasks) ? tasks : []).map(({ title }) => title).sort();
};

describe('tasks of agents', () => {
  test('are created for oneself and one’s reports, and for nobody else', async () => {
    expect(await lead('create_task', { title: 'Own', priority: 'high', due: '2026-12-24' })).toMatchObject({
      ...{ title: 'Own', status: 'todo', priority: 'high', assignee: 'lead' },
      due: '2026-12-24T23:59:59+00:00',
    });
    const delegated = await lead('create_task', { title: 'Delegated', assignee: 'report' });
    await report('create_task', { title: 'Part', parent: delegated.id });
    await expect(report('create_task', { title: 'Up', assignee: 'lead' })).rejects.toMatchObject({
      code: '42501',
      column: 'assignee',
    });
    await expect(lead('create_task', { title: 'x', assignee: 'nobody' })).rejects.toMatchObject({
      code: 'P0002',
    });
    expect((await report('inbox')).items).toMatchObject([{ summary: 'Delegated' }, { summary: 'Part' }]);
  });

  test('are seen by their agent and by the agent that it reports to', async () => {
    expect(await titles(lead)).toEqual(['Delegated', 'Own', 'Part']);
    expect(await titles(report)).toEqual(['Delegated', 'Part']);
    expect(await titles(stranger)).toEqual([]);
    expect(await titles(lead, { status: 'done' })).toEqual([]);
    expect(await titles(lead, { limit: 1 })).toHaveLength(1);
  });

  test('come whole: comments, relations, links and subtasks', async () => {
    const own = await lead('create_task', { title: 'Whole' });
    const part = await lead('create_task', { title: 'A part', parent: own.id });
    await lead('comment', { task: own.id, body: 'See @report' });
    await lead('submit_deliverable', {
      task: own.id,
      label: 'Draft',
      url: 'https://example.test/d',
      note: 'Short',
    });
    await database.query(
      `insert into task_relations (source_task_id, target_task_id, relation_type) values ($1, $2, 'blocks')`,
      [part.id, own.id],
    );
    expect(await lead('task', { task: String(own.id).slice(0, 8) })).toMatchObject({
      comments: [
        { body: 'See @report', by: 'lead' },
        { body: 'Draft: Short', by: 'lead' },
      ],
      relations: [{ relation: 'blocked_by', title: 'A part' }],
      links: [{ label: 'Draft', url: 'https://example.test/d', review_status: 'in_review' }],
      subtasks: [{ title: 'A part' }],
    });
    // The mention lets that agent read and comment, and nothing else.
    expect(await report('task', { task: own.id })).toMatchObject({ title: 'Whole' });
    await expect(report('set_task_status', { task: own.id, status: 'done' })).rejects.toMatchObject({
      code: '42501',
    });
    await expect(stranger('task', { task: own.id })).rejects.toMatchObject({ code: 'P0002', column: 'task' });
    await expect(stranger('comment', { task: own.id, body: 'x' })).rejects.toMatchObject({ code: 'P0002' });
  });

  test('change their status with a note, once', async () => {
    const own = await report('create_task', { title: 'Blocked one' });
    for (let n = 0; n < 2; n += 1) {
      expect(
        await lead('set_task_status', { task: own.id, status: 'blocked', note: 'No key' }),
      ).toMatchObject({
        status: 'blocked',
      });
    }
    expect((await report('task', { task: own.id })).comments).toMatchObject([{ body: 'No key', by: 'lead' }]);
    expect(await database.query(`select title from notifications where type = 'task_blocked'`)).toEqual([
      { title: 'blocked: Blocked one' },
    ]);
    expect(
      await database.query(
        `select actor_type, actor_agent_id from audit_log where entity_id = $1 order by created_at`,
        [own.id],
      ),
    ).toEqual([
      { actor_type: 'agent', actor_agent_id: reportId },
      { actor_type: 'agent', actor_agent_id: leadId },
    ]);
  });

  test('a mention of nobody is refused, and one of oneself wakes nobody', async () => {
    const own = await lead('create_task', { title: 'Talk' });
    await expect(lead('comment', { task: own.id, body: 'x', mentions: ['nobody'] })).rejects.toMatchObject({
      code: 'P0002',
      column: 'mentions',
    });
    const eleven = Array.from({ length: 11 }, (_, n) => `agent-${n}`);
    await expect(lead('comment', { task: own.id, body: 'x', mentions: eleven })).rejects.toMatchObject({
      ...{ code: '22023', column: 'mentions', message: 'mentions must be a list of at most 10' },
    });
    await lead('comment', { task: own.id, body: 'me', mentions: ['lead'] });
    expect(
      await database.query(
        `select 1 from agent_inbox_items where event_type = 'task_comment_mention' and agent_id = $1`,
        [leadId],
      ),
    ).toEqual([]);
  });

  test('of another tenant are not there', async () => {
    const other = await database.addTenant('other');
    const foreign = await asAgent(database, await database.addAgent('lead', other.gateway, other.id));
    const own = await lead('create_task', { title: 'Ours' });
    await expect(foreign('task', { task: own.id })).rejects.toMatchObject({ code: 'P0002' });
    await expect(foreign('create_task', { title: 'x', assignee: 'report' })).rejects.toMatchObject({
      code: 'P0002',
    });
  });
});

test('operators are notified twenty times an hour at most', async () => {
  const own = await lead('create_task', { title: 'Urgent' });
  await lead('notify', { title: 'The key is gone', body: 'Set it again', task: own.id });
  expect(
    await database.query(
      `select title, body, severity, entity_id, actor_type, actor_agent_id from notifications where type = 'agent_notice'`,
    ),
  ).toEqual([
    {
      ...{ title: 'lead: The key is gone', body: 'Set it again', severity: 'info', entity_id: own.id },
      ...{ actor_type: 'agent', actor_agent_id: leadId },
    },
  ]);
  for (let n = 0; n < 19; n += 1) await lead('notify', { title: `${n}` });
  await expect(lead('notify', { title: 'more' })).rejects.toMatchObject({ code: '42501' });
  await report('notify', { title: 'Mine' });
});

test.each([
  ['set_task_status', 241, (n: number) => ({ status: n % 2 === 0 ? 'blocked' : 'todo' })],
  ['set_task_status', 121, (n: number) => ({ status: n % 2 === 0 ? 'blocked' : 'todo', note: 'Again' })],
  ['submit_deliverable', 61, (n: number) => ({ label: `Draft ${n}` })],
] as const)('%s ends at a number of times in an hour', { timeout: 60_000 }, async (operation, most, args) => {
  const busy = await asAgent(
    database,
    await database.addAgent(`busy-${most}-${operation.slice(0, 3)}`, gateway),
  );
  const own = await busy('create_task', { title: 'Busy' });
  const calls = async () => {
    // An hour may end in between.
    for (let n = 0; n < 2 * most; n += 1) await busy(operation, { task: own.id, ...args(n) });
  };
  await expect(calls()).rejects.toMatchObject({ code: '42501', column: 'task' });
});
