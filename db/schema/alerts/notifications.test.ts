import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

test('a command that an older daemon fails raises an alert too, with the exit code where there is no reason', async () => {
  const [row] = await database.query<{ id: string }>(
    `insert into agent_commands (action) values ('update_gateway') returning id`,
  );
  await database.as(service, `select lease_command(60)`);
  await database.as(service, `select fail_command($1, 7, '', '', null)`, [row?.id]);
  expect(
    await database.query(
      `select title, body, meta ->> 'action' as action from notifications where entity_id = $1`,
      [row?.id],
    ),
  ).toEqual([
    { title: 'Update the gateway failed on default', body: 'exit code 7', action: 'update_gateway' },
  ]);
});

test('an operator marks it as read, and changes nothing else about it', async () => {
  const operator = await database.addUser({ role: 'operator' });
  expect(
    await database.as(operator, `update notifications set read_at = now(), dismissed_at = now() returning 1`),
  ).toHaveLength(1);
  await expect(database.as(operator, `update notifications set title = 'all is well'`)).rejects.toMatchObject(
    { code: '42501' },
  );
});
