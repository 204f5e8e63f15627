import { afterAll, beforeAll, expect, test } from 'vitest';
import { asAgent } from '../../testing/agent-call.ts';
import { anon, cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';
import { exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let scout: string;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  scout = await database.addAgent('scout', gateway);
  await database.query(
    `insert into workspace (tenant_id, name, slug, owner_name) values ($1, 'A', 'acme', 'Ada')`,
    [nilTenant],
  );
});
afterAll(() => database.drop());

const agents = async () => {
  const [row] = await database.as<{ agents: { slug: string; [field: string]: unknown }[] }>(
    service,
    `select gateway_agents($1) as agents`,
    [gateway],
  );
  return row?.agents ?? [];
};
const version = async () => (await exchange(database, { gateway, beat: {} })).agents_version;
const call = async (sql: string, values: readonly unknown[]) =>
  (await database.as<{ answer: unknown }>(service, `select ${sql} as answer`, values))[0]?.answer;

test('an agent is described by its row, its workspace and whether it has a credential', async () => {
  await database.query(
    `update agents set model = 'm/1', thinking = 'bold', description = '', config = '{"allowed_hosts": ["pypi.org", 7]}',
       meta = '{"emoji": "🦊", "channel": "discord", "discord_server_id": "55555", "template_branch": "template/writer"}'
     where id = $1`,
    [scout],
  );
  expect(await agents()).toEqual([
    {
      ...{ id: scout, slug: 'scout', branch: 'acme/scout', name: 'scout', description: null, emoji: '🦊' },
      ...{ model: 'm/1', thinking: null, status: 'ready', template: 'writer', workspaceSlug: 'acme' },
      ...{
        owner: { name: 'Ada', preferredName: null, timezone: null },
        allowedHosts: ['pypi.org'],
        importId: null,
        token: null,
      },
      ...{ channel: { name: 'discord', tokens: {}, serverId: '55555' }, openclawId: null, credential: false },
    },
  ]);
});

test('the version counts what changes an agent on its gateway, and nothing else', async () => {
  const counted = async (change: string) => {
    const before = Number(await version());
    await database.query(change);
    return Number(await version()) - before;
  };
  expect(await counted(`update agents set description = 'Finds things' where slug = 'scout'`)).toBe(1);
  expect(await counted(`update agents set status = 'paused' where slug = 'scout'`)).toBe(1);
  expect(await counted(`update agents set last_seen_at = now(), meta = meta || '{"team": "x"}'`)).toBe(0);
  expect(await counted(`update workspace set owner_timezone = 'Europe/Paris'`)).toBe(1);
  expect(await counted(`update workspace set description = 'x'`)).toBe(0);
  expect(await counted(`insert into agents (name, slug, gateway_id) values ('B', 'bee', '${gateway}')`)).toBe(
    1,
  );
  expect(await counted(`delete from agents where slug = 'bee'`)).toBe(1);
  expect(await counted(`insert into agents (name, slug) values ('B', 'elsewhere')`)).toBe(0);
});

test('a failure is an error until the agent is on its gateway, and a paused agent stays paused', async () => {
  expect(await call(`agent_failed($1, $2)`, [scout, 'no token'])).toBe('paused');
  expect(await call(`agent_provisioned($1, 'acme-scout', 'acme/scout')`, [scout])).toBe('paused');
  await database.query(`update agents set status = 'provisioning' where id = $1`, [scout]);
  expect(await call(`agent_failed($1, $2)`, [scout, 'no token'])).toBe('error');
  const alerts = () =>
    database.query(
      `select body, resolved_at is not null as over from notifications where type = 'agent_error'`,
    );
  expect(await alerts()).toEqual([{ body: 'no token', over: false }]);
  expect(await call(`agent_provisioned($1, 'acme-scout', 'acme/scout')`, [scout])).toBe('ready');
  expect(await alerts()).toEqual([{ body: 'no token', over: true }]);
  expect(await agents()).toMatchObject([{ openclawId: 'acme-scout', status: 'ready' }]);
  await expect(call(`agent_failed($1, 'x')`, [gateway])).rejects.toMatchObject({ code: 'P0002' });
});

test('a new credential replaces the old one, and only its hash is stored', async () => {
  const old = await asAgent(database, scout);
  const current = await asAgent(database, scout);
  await expect(old('budget')).rejects.toMatchObject({ code: '28000' });
  expect(await current('budget')).toMatchObject({ allowed: true });
  expect(await agents()).toMatchObject([{ credential: true }]);
  const [stored] = await database.query(`select to_jsonb(c) as row from hq.agent_credentials c`);
  expect(Object.keys(stored?.row)).toEqual(['agent_id', 'issued_at', 'token_hash']);
  await expect(database.as(anon, `select issue_agent_credential($1)`, [scout])).rejects.toMatchObject({
    code: '42501',
  });
});

test('an agent that is to be removed is not described, and nothing of it is inherited', async () => {
  const admin = await database.addUser({ role: 'admin' });
  const current = await asAgent(database, scout);
  await database.query(
    `insert into secrets (gateway_id, agent_id, key, encrypted_value) values ($1, $2, 'A_KEY', 'enc:v1:')`,
    [gateway, scout],
  );
  await enqueue(database, admin, 'remove', { agent: 'scout' });
  expect(await agents()).toEqual([]);
  expect(await call(`agent_removed($1)`, [scout])).toBe(true);
  expect(await call(`agent_removed($1)`, [scout])).toBe(false);
  await expect(current('budget')).rejects.toMatchObject({ code: '28000' });
  expect(await database.query(`select 1 from secrets where key = 'A_KEY'`)).toEqual([]);
  await database.addAgent('scout', gateway);
  expect(await agents()).toMatchObject([{ slug: 'scout', credential: false, emoji: null }]);
});
