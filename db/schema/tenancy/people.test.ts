import { afterAll, beforeAll, expect, test } from 'vitest';
import { openChatFixture } from '../../testing/chat.ts';
import { anon, type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

interface Person {
  readonly user_id: string;
  readonly email: string;
  readonly role: string;
  readonly is_bot: boolean;
}

const people = async (caller: Caller): Promise<readonly Person[]> =>
  (await database.as<{ people: Person[] }>(caller, `select tenant_people() as people`))[0]?.people ?? [];

test('a member reads the members of the own tenant, and nobody else anything', async () => {
  const other = await database.addTenant('other');
  const foreign = await database.addUser({ role: 'admin', tenant: other.id, email: 'far@example.test' });
  const ann = await database.addUser({ role: 'admin', email: 'ann@example.test' });
  const bob = await database.addUser({ role: 'viewer', email: 'bob@example.test' });
  const stranger = await database.addUser({ role: null, email: 'eve@example.test' });
  const { bot } = await openChatFixture(database);

  const seen = await people(bob);
  expect(seen).toContainEqual({
    user_id: ann.id,
    email: 'ann@example.test',
    role: 'admin',
    is_bot: false,
  });
  expect(seen.filter(({ is_bot }) => is_bot).map(({ user_id }) => user_id)).toEqual([bot.id]);
  expect(seen.map(({ email }) => email)).not.toContain('far@example.test');
  expect(seen.map(({ email }) => email)).not.toContain('eve@example.test');
  expect((await people(foreign)).map(({ email }) => email)).toEqual(['far@example.test']);
  expect(await people(stranger)).toEqual([]);
  // A claim of another tenant makes nobody its member.
  expect(await people({ ...bob, claims: { ...foreign.claims, sub: bob.id } })).toEqual([]);
  await expect(database.as(anon, `select tenant_people()`)).rejects.toMatchObject({ code: '42501' });
});

test('an admin adds accounts of the own tenant only, so an id is not enough to learn an address', async () => {
  const other = await database.addTenant('hosted');
  const admin = await database.addUser({ role: 'admin', tenant: other.id, email: 'admin@example.test' });
  const elsewhere = await database.addUser({ role: null, email: 'elsewhere@example.test' });
  const invited = await database.addUser({ role: null, tenant: other.id, email: 'invited@example.test' });
  const add = (id: string) =>
    database.as(admin, `insert into tenant_members (tenant_id, user_id, role) values ($1, $2, 'viewer')`, [
      other.id,
      id,
    ]);
  await expect(add(elsewhere.id)).rejects.toMatchObject({
    code: 'P0002',
    message: 'there is no such account',
  });
  await add(invited.id);
  await expect(
    database.as(admin, `update tenant_members set user_id = $1 where user_id = $2`, [
      elsewhere.id,
      invited.id,
    ]),
  ).rejects.toMatchObject({ code: '42501' });
  expect((await people(admin)).map(({ email }) => email)).toEqual([
    'admin@example.test',
    'invited@example.test',
  ]);
});
