import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Account, type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { claimOne, exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let chats: ChatFixture;
let viewer: Account;
let gateway: string;
let foreign: { id: string; gateway: string };

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  viewer = await chats.link('viewer');
  foreign = await database.addTenant('other');
  await database.query(`delete from gateways where slug = 'default' and tenant_id = $1`, [nilTenant]);
  gateway = await database.addGateway('host');
  await database.addAgent('scribe', gateway);
  await database.addAgent('spy', foreign.gateway, foreign.id);
});
afterAll(() => database.drop());

type Row = Readonly<Record<string, unknown>>;
async function read(what: string, args: object = {}, by: Account = viewer): Promise<Row[]> {
  const { rows, refused } = await chats.call('chat_read', by, { what, args });
  if (refused !== undefined) throw new Error(refused.message);
  return Array.isArray(rows) ? rows : [];
}
const refusal = async (what: string, args: object = {}) =>
  (await chats.call('chat_read', viewer, { what, args })).refused;

describe('a read', () => {
  test('every query answers rows, on an empty database too', async () => {
    for (const what of [
      ...['gateways', 'agents', 'commands', 'tasks', 'deliverables', 'inbox', 'usage', 'budgets', 'alerts'],
      ...['secrets', 'templates', 'subscriptions', 'links', 'desktop', 'fleet'],
    ]) {
      expect(await read(what), what).toBeInstanceOf(Array);
    }
    expect(await refusal('passwords')).toMatchObject({ code: 'usage', field: 'what' });
  });

  test('shows nothing of another tenant, by no name and by no id', async () => {
    await database.query(
      `insert into tasks (id, tenant_id, title) values ('77777777-0000-4000-8000-000000000001', $1, 'Theirs')`,
      [foreign.id],
    );
    expect((await read('agents')).map(({ slug }) => slug)).toEqual(['scribe']);
    expect((await read('gateways')).map(({ slug }) => slug)).toEqual(['host']);
    expect((await read('tasks')).map(({ title }) => title)).not.toContain('Theirs');
    expect((await refusal('task', { id: '77777777' }))?.code).toBe('not_found');
    expect((await refusal('agent', { agent: 'spy' }))?.code).toBe('not_found');
    expect((await refusal('commands', { agent: 'spy' }))?.code).toBe('not_found');
  });

  test('is bounded, newest first', async () => {
    await database.query(
      `insert into tasks (title, created_at) select 'task ' || n, now() + n * interval '1 ms' from generate_series(1, 130) n`,
    );
    expect(await read('tasks')).toHaveLength(20);
    expect(await read('tasks', { limit: 100_000 })).toHaveLength(100);
    expect((await read('tasks', { limit: 1 })).map(({ title }) => title)).toEqual(['task 130']);
    await database.query(`delete from tasks where tenant_id = $1`, [nilTenant]);
  });
});

test('the fleet is one row that says how everything is', async () => {
  await database.query(
    `update gateways set last_seen_at = now() - interval '2 minutes', meta = '{"services": [{"name": "gateway", "health": "healthy"}]}'
     where id = $1`,
    [gateway],
  );
  await database.query(`insert into tasks (title, status) values ('a', 'blocked'), ('b', 'done')`);
  const [fleet] = await read('fleet');
  expect(fleet).toMatchObject({
    gateways: [{ slug: 'host', stale: true, agents: 1, services: [{ name: 'gateway', health: 'healthy' }] }],
    agents: { ready: 1 },
    tasks: { blocked: 1 },
  });
});

test('a command has its requester and its last output, and nothing of its lease', async () => {
  const operator = await chats.link('operator');
  const { command } = await chats.call('chat_act', operator, { action: 'tail_logs' });
  const { lease_token: token } = await claimOne(database, gateway);
  const lines = Array.from({ length: 80 }, (_, n) => `line ${n}\n`).join('');
  await exchange(database, { gateway, output: [{ token, seq: 1, stream: 'stdout', text: lines }] });
  const id = command?.id.slice(0, 8);
  const [row] = await read('command', { id });
  expect(row).toMatchObject({
    id: command?.id,
    status: 'running',
    gateway: 'host',
    requested_by_email: operator.member.claims.email,
  });
  expect(Object.keys(row ?? {})).not.toContain('lease_token');
  expect(await read('output', { id, lines: 2 })).toEqual([
    expect.objectContaining({ status: 'running', text: 'line 78\nline 79', cut: true }),
  ]);
  await exchange(database, { gateway, results: [{ token, status: 'done', stdout: 'the end\n' }] });
  expect((await read('commands', { status: 'done', agent: undefined })).map((one) => one.id)).toEqual([
    command?.id,
  ]);
});

test('a task comes with what was said and what came out of it', async () => {
  const [task] = await database.query<{ id: string }>(
    `insert into tasks (title, assignee_agent_id) select 'Write', id from agents where slug = 'scribe' returning id`,
  );
  await database.query(`insert into comments (entity_type, entity_id, body) values ('task', $1, 'Well?')`, [
    task?.id,
  ]);
  await database.query(
    `insert into entity_links (owner_type, owner_id, label, is_deliverable, review_status)
     values ('task', $1, 'Draft two', true, 'in_review')`,
    [task?.id],
  );
  expect(await read('task', { id: task?.id })).toEqual([
    expect.objectContaining({
      title: 'Write',
      agent: 'scribe',
      comments: [expect.objectContaining({ body: 'Well?', actor_type: 'human' })],
      deliverables: [expect.objectContaining({ title: 'Draft two' })],
    }),
  ]);
  const [deliverable] = await read('deliverables');
  expect(deliverable).toMatchObject({ title: 'Draft two', review_status: 'in_review' });
  expect(await read('deliverable', { id: String(deliverable?.id).slice(0, 8) })).toHaveLength(1);
  expect(await read('inbox', { agent: 'scribe' })).toEqual([
    expect.objectContaining({ event_type: 'task_assignment', status: 'pending', summary: 'Write' }),
  ]);
  expect((await read('agent', { agent: 'scribe' }))[0]).toMatchObject({ slug: 'scribe', tasks: 1, inbox: 1 });
});

test('usage is grouped by agent', async () => {
  await database.query(
    `insert into agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd)
     select id, 'r', 'p', 'm', 1000, 1.25 from agents where slug = 'scribe'`,
  );
  expect(await read('usage', { agent: 'scribe' })).toEqual([
    expect.objectContaining({ agent: 'scribe', cost_usd: 1.25, tokens: 1000, runs: 1, today_usd: 1.25 }),
  ]);
  expect(await read('budgets')).toEqual([
    expect.objectContaining({ agent: 'scribe', spent_usd: 1.25, limit_usd: null, status: 'unmetered' }),
  ]);
});

test('secrets have a name and a state alone', async () => {
  const secret = `enc:v1:${'A'.repeat(16)}.${'B'.repeat(22)}.CCCC`;
  await database.query(
    `insert into secrets (gateway_id, key, encrypted_value, note) values ($1, 'OPENAI_API_KEY', $2, 'from Ada')`,
    [gateway, secret],
  );
  const rows = await read('secrets');
  expect(rows).toEqual([
    expect.objectContaining({ key: 'OPENAI_API_KEY', gateway: 'host', sync_status: 'pending' }),
  ]);
  expect(JSON.stringify(rows)).not.toMatch(/enc:v1|BBBB|CCCC|Ada/);
});

test('alerts are the open ones, with what they are about', async () => {
  await database.query(`select hq.notify($1)`, [
    JSON.stringify({ tenant_id: nilTenant, type: 'x', severity: 'error', title: 'Broken', dedup_key: 'k' }),
  ]);
  expect((await read('alerts')).filter(({ title }) => title === 'Broken')).toEqual([
    expect.objectContaining({ severity: 'error', occurrences: 1 }),
  ]);
  await database.query(`update notifications set read_at = now()`);
  expect(await read('alerts')).toEqual([]);
  expect((await read('alerts', { status: 'all' })).length).toBeGreaterThan(0);
});

test('a desktop has host and port, without the rest of its address', async () => {
  await database.query(
    `update gateways set meta = '{"reachable_urls": {"novnc": "https://me:pw@host.example:6999/vnc.html?password=hunter2#x"}}' where id = $1`,
    [gateway],
  );
  expect(await read('desktop')).toEqual([
    { gateway: 'host', url: 'https://host.example:6999/vnc.html', host: 'host.example', port: 6999 },
  ]);
  for (const [address, url] of [
    ['https://me:p@ss@host.example/', 'https://host.example/'],
    ['https://me:hunter2/@host.example/', null],
    ['HTTPS://me:hunter2@host.example/', null],
    ['https://host.example:99999999999/', null],
  ]) {
    await database.query(
      `update gateways set meta = jsonb_build_object('reachable_urls', jsonb_build_object('novnc', $2::text)) where id = $1`,
      [gateway, address],
    );
    expect((await read('desktop')).map((row) => row.url)).toEqual([url]);
  }
  await database.query(`update gateways set meta = '{}' where id = $1`, [gateway]);
  expect(await read('desktop', { gateway: 'host' })).toEqual([
    { gateway: 'host', url: null, host: null, port: 6901 },
  ]);
});

test('links are one’s own, to an admin everybody’s', async () => {
  const admin = await chats.link('admin');
  expect(await read('links')).toEqual([expect.objectContaining({ user: viewer.user })]);
  expect((await read('links', {}, admin)).length).toBeGreaterThan(1);
});
