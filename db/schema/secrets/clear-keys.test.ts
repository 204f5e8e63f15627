import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let gateway: string;
let admin: Caller & { id: string };

beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('main');
  admin = await database.addUser({ role: 'admin' });
});
afterAll(() => database.drop());

describe('a key in clear', () => {
  test.each(['auth_set_api_key', 'ping'])('is never part of a command: %s', async (action) => {
    const payload = JSON.stringify({ provider: 'openai', api_key: 'sk-in-clear' });
    for (const caller of [admin, service]) {
      await expect(
        database.as(caller, `insert into agent_commands (action, gateway_id, payload) values ($1, $2, $3)`, [
          action,
          gateway,
          payload,
        ]),
      ).rejects.toMatchObject({ code: '22023', column: 'api_key' });
    }
    const [row] = await database.as(admin, `select enqueue_command($1, $2, 'main') as a`, [action, payload]);
    expect(row?.a.refused).toMatchObject({
      code: 'usage',
      field: 'api_key',
      hint: expect.stringContaining('Store it as a secret'),
    });
    const kept = await database.query(
      `select a::text as line from audit_log a union all select c::text from agent_commands c`,
    );
    expect(kept.length).toBeGreaterThan(0);
    expect(JSON.stringify(kept)).not.toContain('sk-in-clear');
  });
});
