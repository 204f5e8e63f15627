import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

test('a fresh HQ has its one tenant', async () => {
  expect(await database.query(`select id, name, slug, status from tenants`)).toEqual([
    { id: nilTenant, name: 'Default', slug: 'default', status: 'active' },
  ]);
});

test.each([
  [
    'the one that the token names',
    { app_metadata: { tenant_id: '11111111-1111-4111-8111-111111111111' } },
    '11111111-1111-4111-8111-111111111111',
  ],
  ['the one tenant for a token that names none', { app_metadata: {} }, nilTenant],
  ['the one tenant for an empty name', { app_metadata: { tenant_id: '' } }, nilTenant],
  [
    'never one that the user wrote about themselves',
    { user_metadata: { tenant_id: '11111111-1111-4111-8111-111111111111' } },
    nilTenant,
  ],
])('the tenant of a request is %s', async (_which, claims, tenant) => {
  const caller: Caller = { role: 'authenticated', claims };
  expect(await database.as(caller, `select current_tenant_id() as id`)).toEqual([{ id: tenant }]);
});

test('a tenant is deleted with everything in it', async () => {
  const { id: tenant, gateway } = await database.addTenant('leaving');
  const chief = await database.addAgent('chief', gateway, tenant);
  const worker = await database.addAgent('worker', gateway, tenant);
  await database.addUser({ role: 'admin', tenant });
  await database.query(`update agents set reports_to_id = $1 where id = $2`, [chief, worker]);
  await database.query(`insert into agent_commands (tenant_id, action, agent_id) values ($1, 'update', $2)`, [
    tenant,
    worker,
  ]);
  await database.query(`insert into tasks (tenant_id, title, assignee_agent_id) values ($1, 'x', $2)`, [
    tenant,
    worker,
  ]);
  await database.query(
    `insert into agent_usage (tenant_id, agent_id, run_id, provider, model, cost_total_usd) values ($1, $2, 'r', 'p', 'm', 1)`,
    [tenant, worker],
  );
  await database.as(service, `delete from tenants where id = $1`, [tenant]);
  for (const table of [
    'agents',
    'gateways',
    'agent_commands',
    'tasks',
    'agent_usage',
    'agent_budgets',
    'agent_inbox_items',
    'audit_log',
    'tenant_members',
  ]) {
    expect(await database.query(`select 1 from ${table} where tenant_id = $1`, [tenant]), table).toEqual([]);
  }
});

test('a change is stamped by the database’s clock', async () => {
  await database.query(`update tenants set name = 'Ours', updated_at = '2001-01-01' where id = $1`, [
    nilTenant,
  ]);
  expect(
    await database.query(
      `select updated_at > now() - interval '1 minute' as fresh from tenants where id = $1`,
      [nilTenant],
    ),
  ).toEqual([{ fresh: true }]);
});
