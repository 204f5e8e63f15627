import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

const ask = async () =>
  (
    await database.query<{ id: string }>(
      `insert into agent_commands (action) values ('update_gateway') returning id`,
    )
  )[0]?.id;
const change = (id: string | undefined, set: string) =>
  database.as(service, `update agent_commands set ${set} where id = $1`, [id]);

test.each(['done', 'failed', 'cancelled'])(
  'a command that is %s stays so, with all that came of it',
  async (status) => {
    const id = await ask();
    await change(id, `status = '${status}', exit_code = 1, stdout = 'out'`);
    for (const set of [
      `status = 'pending'`,
      `status = 'running'`,
      `exit_code = 0`,
      `stdout = ''`,
      `error_message = 'x'`,
      `completed_at = now() + interval '1 day'`,
      `result = '{}'`,
      `requested_by = gen_random_uuid()`,
    ]) {
      await expect(change(id, set), set).rejects.toMatchObject({ code: '55000' });
    }
    await change(id, `meta = '{"seen": true}'`);
  },
);

test('a command keeps its id, its tenant and its action', async () => {
  const id = await ask();
  const { id: tenant } = await database.addTenant('other');
  for (const set of [`id = gen_random_uuid()`, `tenant_id = '${tenant}'`, `action = 'ping'`]) {
    await expect(change(id, set), set).rejects.toMatchObject({ code: '55000' });
  }
});

test('the end of a command has a time, whoever brings it about', async () => {
  const id = await ask();
  await change(id, `status = 'done'`);
  expect(
    await database.query(`select completed_at is not null as ended from agent_commands where id = $1`, [id]),
  ).toEqual([{ ended: true }]);
});
