import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

test('two admins who remove each other at the same moment leave one', async () => {
  const { id: tenant } = await database.addTenant('duel');
  const admins = await Promise.all([1, 2].map(() => database.addUser({ role: 'admin', tenant })));
  const [first, second] = admins;
  const remove = (by: Caller | undefined, whom: string | undefined) =>
    by && database.as(by, `update tenant_members set role = 'viewer' where user_id = $1`, [whom]);
  await Promise.allSettled([remove(first, second?.id), remove(second, first?.id)]);
  expect(
    await database.query(`select 1 from tenant_members where tenant_id = $1 and role = 'admin'`, [tenant]),
  ).toHaveLength(1);
});

test('a role counts only in the tenant of the token', async () => {
  const { id: tenant } = await database.addTenant('elsewhere');
  const admin = await database.addUser({ role: 'admin' });
  const visiting: Caller = {
    role: 'authenticated',
    claims: { ...admin.claims, app_metadata: { tenant_id: tenant } },
  };
  expect(await database.as(visiting, `select member_role_of_caller() as role`)).toEqual([{ role: null }]);
  expect(await database.as(visiting, `select 1 from gateways`)).toEqual([]);
});

test('roles are ordered', async () => {
  expect(
    await database.query(
      `select 'viewer'::member_role < 'operator' and 'operator'::member_role < 'admin' as ordered`,
    ),
  ).toEqual([{ ordered: true }]);
});

test('a user who is deleted is no member any more', async () => {
  const leaver = await database.addUser({ role: 'operator' });
  await database.query(`delete from auth.users where id = $1`, [leaver.id]);
  expect(await database.as(leaver, `select 1 from gateways`)).toEqual([]);
});
