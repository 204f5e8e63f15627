import { seal, serviceRoleKey } from '@hq/shared/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';

const plaintext = 'the-value-that-nobody-may-see';
const envelope = () => seal(plaintext, serviceRoleKey('a-key-of-these-tests'));

let database: TestDatabase;
let gateway: string;
let agent: string;
let operator: Caller & { id: string };

beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('main');
  agent = await database.addAgent('worker', gateway);
  operator = await database.addUser({ role: 'operator' });
});
beforeEach(async () => {
  await database.query('delete from secrets');
  await database.query(`delete from audit_log; delete from notifications`);
});
afterAll(() => database.drop());

const add = (key: string, agentId: string | null = null) =>
  database.as(
    operator,
    `insert into secrets (gateway_id, agent_id, key, encrypted_value) values ($1, $2, $3, $4)`,
    [gateway, agentId, key, envelope()],
  );
const lines = () =>
  database.query(
    `select action, actor_type, actor_user_id, summary from audit_log where module = 'secrets' order by created_at, action`,
  );
const alerts = () =>
  database.query(
    `select title, body, occurrences, resolved_at is null as lasts from notifications where type = 'secret_sync_failed'
     order by created_at`,
  );
const fail = (where: string, reason = 'it was encrypted under another key') =>
  database.as(service, `update secrets set sync_status = 'error', sync_error = $1 where ${where}`, [reason]);

describe('the audit log', () => {
  test('has a line for each thing that someone does with a secret, in their name', async () => {
    await add('A_KEY', agent);
    await database.as(operator, `update secrets set encrypted_value = $1`, [envelope()]);
    await database.as(operator, `update secrets set note = 'for the mail'`);
    await database.as(operator, `delete from secrets where key = 'A_KEY'`);
    const mine = { actor_type: 'human', actor_user_id: operator.id, summary: 'A_KEY on main / worker' };
    expect(await lines()).toEqual(
      ['secret.created', 'secret.rotated', 'secret.noted', 'secret.deleted'].map((action) => ({
        action,
        ...mine,
      })),
    );
  });

  test('has one for a failed sync, which is nobody’s doing, and one only while it lasts', async () => {
    await add('A_KEY');
    await fail('true');
    await fail('true', 'it still is');
    expect((await lines()).slice(1)).toEqual([
      {
        action: 'secret.sync_failed',
        actor_type: 'system',
        actor_user_id: null,
        summary: 'A_KEY on main: it was encrypted under another key',
      },
    ]);
  });

  test('has one for what goes with its agent or with its gateway', async () => {
    const leaving = await database.addGateway('leaving');
    const gone = await database.addAgent('gone', leaving);
    await database.query(
      `insert into secrets (gateway_id, agent_id, key, encrypted_value) values ($1, $2, 'OF_AGENT', 'enc:v1:'), ($1, null, 'OF_ALL', 'enc:v1:')`,
      [leaving, gone],
    );
    await database.query(`delete from agents where id = $1`, [gone]);
    await database.query(`delete from gateways where id = $1`, [leaving]);
    expect((await lines()).filter(({ action }) => action === 'secret.deleted')).toMatchObject([
      { summary: 'OF_AGENT on leaving / an agent that is gone' },
      { summary: 'OF_ALL on a gateway that is gone' },
    ]);
  });

  test('lets a tenant go with all that it had', async () => {
    const { id, gateway: theirs } = await database.addTenant('leaving');
    await database.query(
      `insert into secrets (tenant_id, gateway_id, key, encrypted_value, sync_status) values ($1, $2, 'A_KEY', 'enc:v1:', 'error')`,
      [id, theirs],
    );
    await database.query(`update secrets set sync_status = 'error' where tenant_id = $1`, [id]);
    await database.query(`delete from tenants where id = $1`, [id]);
    expect(await database.query(`select 1 from secrets where tenant_id = $1`, [id])).toEqual([]);
  });

  test('and the alerts hold neither value nor ciphertext', async () => {
    await add('A_KEY');
    await fail('true');
    await database.as(operator, `select set_secret('A_KEY', $1, 'main')`, [envelope()]);
    await database.as(operator, `select set_secret('A_KEY', $1, 'main')`, [plaintext]);
    await database.as(operator, `delete from secrets`);
    const rows = await database.query(
      `select a::text as line from audit_log a union all select n::text from notifications n`,
    );
    expect(rows.length).toBeGreaterThan(5);
    const told = JSON.stringify(rows);
    expect(told).not.toContain(plaintext);
    expect(told).not.toContain('enc:v1');
  });
});

describe('the alert', () => {
  test('is one for each gateway for as long as any of its secrets fails', async () => {
    await add('A_KEY');
    await add('B_KEY');
    await fail(`key = 'B_KEY'`);
    expect(await alerts()).toEqual([
      {
        title: 'B_KEY is not on main',
        body: 'B_KEY: it was encrypted under another key',
        occurrences: 1,
        lasts: true,
      },
    ]);
    await fail(`key = 'A_KEY'`);
    await fail(`true`, 'still');
    expect(await alerts()).toMatchObject([
      { title: '2 secrets are not on main', occurrences: 2, lasts: true },
    ]);

    await database.as(service, `update secrets set sync_status = 'active' where key = 'A_KEY'`);
    expect(await alerts()).toMatchObject([{ lasts: true }]);
    await database.as(operator, `update secrets set encrypted_value = $1 where key = 'B_KEY'`, [envelope()]);
    expect(await alerts()).toMatchObject([{ lasts: false }]);

    await fail(`key = 'A_KEY'`);
    expect(await alerts()).toMatchObject([{ lasts: false }, { title: 'A_KEY is not on main', lasts: true }]);
  });

  test('is over when what failed is deleted', async () => {
    await add('A_KEY');
    await fail('true');
    await database.as(operator, `delete from secrets`);
    expect(await alerts()).toMatchObject([{ lasts: false }]);
  });

  test('is one though a thousand fail at once', async () => {
    await database.query(
      `insert into secrets (gateway_id, key, encrypted_value) select $1, 'K' || n, 'enc:v1:' from generate_series(1, 1000) n`,
      [gateway],
    );
    await fail('true');
    expect(await alerts()).toMatchObject([{ title: '1000 secrets are not on main', occurrences: 1 }]);
  });
});
