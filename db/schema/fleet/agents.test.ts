import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let gateway: string;
let other: { id: string; gateway: string };
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('home');
  other = await database.addTenant('other');
});
afterAll(() => database.drop());

describe('an agent’s slug', () => {
  test.each(['ops', 'dev-ops', 'a1', 'x'.repeat(40)])('may be %s', async (slug) => {
    await database.addAgent(slug, gateway);
  });

  test.each([
    ...['', 'a', 'x'.repeat(41), 'Ops', 'dev--ops', '-ops', 'ops-', 'ö-team', '../etc', 'a b', 'ops\n'],
    ...['default', 'main', 'master', 'new', 'template', 'template-x'],
  ])('may not be %j', async (slug) => {
    await expect(database.addAgent(slug, gateway)).rejects.toMatchObject({ code: '22023', column: 'slug' });
  });

  test('is one agent’s in its tenant, and another tenant’s too', async () => {
    await database.addAgent('scribe', gateway);
    await expect(database.addAgent('scribe', gateway)).rejects.toMatchObject({ code: '23505' });
    await database.addAgent('scribe', other.gateway, other.id);
  });
});

test('an agent is on no gateway and under no agent of another tenant', async () => {
  await expect(database.addAgent('lost', other.gateway, nilTenant)).rejects.toMatchObject({ code: 'P0002' });
  const chief = await database.addAgent('chief', other.gateway, other.id);
  const worker = await database.addAgent('worker', gateway);
  await expect(
    database.query(`update agents set reports_to_id = $1 where id = $2`, [chief, worker]),
  ).rejects.toMatchObject({ code: 'P0002' });
});

test('only a runner or daemon gives agents and gateways a sign of life', async () => {
  const operator = await database.addUser({ role: 'operator' });
  const admin = await database.addUser({ role: 'admin' });
  expect(
    await database.as(
      operator,
      `insert into agents (slug, name, last_seen_at, last_heartbeat_at, created_at) values ('forged', 'x', '2099-01-01', '2099-01-01', '2001-01-01')
       returning last_seen_at, last_heartbeat_at, created_at > now() - interval '1 minute' as fresh`,
    ),
  ).toEqual([{ last_seen_at: null, last_heartbeat_at: null, fresh: true }]);
  expect(
    await database.as(
      admin,
      `insert into gateways (slug, last_seen_at, last_backup_at) values ('forged', '2099-01-01', '2099-01-01') returning last_seen_at, last_backup_at`,
    ),
  ).toEqual([{ last_seen_at: null, last_backup_at: null }]);
  const [kept] = await database.query(
    `insert into agents (slug, name, last_seen_at) values ('seen', 'x', '2026-01-01') returning last_seen_at is not null as seen`,
  );
  expect(kept).toEqual({ seen: true });
});
