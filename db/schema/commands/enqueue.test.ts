import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';
import { type Answer, type Asked, enqueue as ask } from '../../testing/enqueue.ts';
import { claimOne, exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let viewer: Caller;
let operator: Caller & { id: string };
let stranger: Caller;
let foreigner: Caller;
let gateway: string;

beforeAll(async () => {
  database = await cloneDatabase();
  const other = await database.addTenant('other');
  viewer = await database.addUser({ role: 'viewer' });
  operator = await database.addUser({ role: 'operator', email: 'op@example.test' });
  stranger = await database.addUser({ role: null });
  foreigner = await database.addUser({ role: 'admin', tenant: other.id });
  gateway =
    (await database.query<{ id: string }>(`select id from gateways where tenant_id = $1`, [nilTenant]))[0]
      ?.id ?? '';
});
afterAll(() => database.drop());

const enqueue = (caller: Caller, action: string, asked?: Asked) => ask(database, caller, action, asked);

async function cancel(caller: Caller, id: string | undefined): Promise<Answer> {
  const [row] = await database.as<{ answer: Answer }>(caller, `select cancel_command($1, 'tui') as answer`, [
    id,
  ]);
  return row?.answer ?? {};
}

describe('whoami', () => {
  test('whoami returns a member’s identity and role', async () => {
    const [row] = await database.as(operator, `select whoami() as me`);
    expect(row?.me).toMatchObject({
      user_id: operator.id,
      email: 'op@example.test',
      tenant_id: nilTenant,
      tenant_name: 'Default',
      role: 'operator',
    });
    expect(Math.abs(Date.parse(row?.me.now) - Date.now())).toBeLessThan(60_000);
  });

  test('gives no role and no name of the tenant to somebody who is no member', async () => {
    const [row] = await database.as(stranger, `select whoami() as me`);
    expect(row?.me).toMatchObject({ tenant_name: null, role: null });
  });
});

describe('enqueue_command', () => {
  test('writes the row in the caller’s name and says that it is new', async () => {
    const { command, created } = await enqueue(operator, 'restart_gateway', {
      gateway: 'default',
      origin: 'slack',
    });
    expect(created).toBe(true);
    expect(command).toMatchObject({
      status: 'pending',
      requested_by: operator.id,
      origin: 'slack',
      gateway_id: gateway,
    });
    expect(
      await database.as(operator, `select id from agent_commands where id = $1`, [command?.id]),
    ).toHaveLength(1);
  });

  test('takes a gateway by its id too', async () => {
    expect((await enqueue(operator, 'ping', { gateway })).command?.gateway_id).toBe(gateway);
  });

  test('an agent by slug or id', async () => {
    const agent = await database.addAgent('scribe', gateway);
    expect((await enqueue(operator, 'update', { agent: 'scribe' })).command?.agent_id).toBe(agent);
    expect((await enqueue(operator, 'update', { agent })).command?.agent_slug).toBe('scribe');
  });

  test.each([
    ['an action that does not exist', 'fly', {}, { code: 'usage', field: 'action' }],
    [
      'a payload of the wrong shape',
      'tail_logs',
      { payload: { lines: 0 } },
      { code: 'usage', field: 'lines' },
    ],
    ['a gateway that does not exist', 'ping', { gateway: 'nope' }, { code: 'not_found', field: 'gateway' }],
    ['an agent that does not exist', 'update', { agent: 'nope' }, { code: 'not_found', field: 'agent' }],
    [
      'a provider’s key',
      'auth_set_api_key',
      { payload: { api_key: 'sk' } },
      { code: 'usage', field: 'api_key' },
    ],
  ])('answers a refusal for %s', async (_what, action, more, refused) => {
    expect((await enqueue(operator, action, more)).refused).toMatchObject(refused);
  });

  test('a refusal is audited with who, what and why, and without the values', async () => {
    const before = await database.query(`select id from agent_commands`);
    const { refused } = await enqueue(viewer, 'restart_gateway', {
      payload: { token: 'sk-SECRET' },
      origin: 'discord',
    });
    expect(refused).toMatchObject({
      code: 'refused',
      message: 'restart_gateway needs the role operator; yours is viewer',
    });
    const [line] = await database.query(
      `select actor_type, actor_user_id, action, summary, meta from audit_log order by created_at desc limit 1`,
    );
    expect(line).toMatchObject({
      actor_type: 'human',
      actor_user_id: viewer.claims.sub,
      action: 'command.refused',
      summary: 'restart_gateway refused: restart_gateway needs the role operator; yours is viewer',
      meta: { code: 'refused', command: 'restart_gateway', origin: 'discord' },
    });
    expect(JSON.stringify(line)).not.toContain('SECRET');
    expect(await database.query(`select id from agent_commands`)).toHaveLength(before.length);
  });

  test('a key of the gateway of another tenant finds nothing', async () => {
    expect((await enqueue(foreigner, 'ping', { gateway })).refused?.code).toBe('not_found');
  });

  test('somebody who is no member is refused', async () => {
    expect((await enqueue(stranger, 'stack_status')).refused).toMatchObject({ code: 'refused' });
  });

  test('a token without a user is not signed in', async () => {
    const nobody: Caller = { role: 'authenticated', claims: { role: 'authenticated' } };
    expect((await enqueue(nobody, 'ping')).refused).toMatchObject({ code: 'unauthenticated' });
  });
});

describe('an idempotency key', () => {
  test('used again for the same request gives the earlier row', async () => {
    const first = await enqueue(operator, 'tail_logs', {
      payload: { lines: 5, service: 'gateway' },
      key: 'k1',
    });
    const again = await enqueue(operator, 'tail_logs', {
      payload: { service: 'gateway', lines: 5 },
      gateway,
      key: 'k1',
    });
    expect(first.created).toBe(true);
    expect(again).toMatchObject({ created: false, command: { id: first.command?.id } });
  });

  test('used for another payload, action or gateway is a conflict', async () => {
    await enqueue(operator, 'tail_logs', { payload: { lines: 5 }, key: 'k2' });
    const second = await database.addGateway('second-of-keys');
    for (const other of [
      enqueue(operator, 'tail_logs', { payload: { lines: 6 }, gateway, key: 'k2' }),
      enqueue(operator, 'ping', { gateway, key: 'k2' }),
      enqueue(operator, 'tail_logs', { payload: { lines: 5 }, gateway: second, key: 'k2' }),
    ]) {
      expect((await other).refused).toMatchObject({ code: 'conflict', field: 'idempotency_key' });
    }
    await database.query(`delete from gateways where id = $1`, [second]);
  });

  test('pressed by two operators at once makes one row', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => enqueue(operator, 'restart_gateway', { gateway, key: 'k3' })),
    );
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ command }) => command?.id)).size).toBe(1);
  });

  test('belongs to its tenant', async () => {
    await enqueue(operator, 'ping', { gateway, key: 'k4' });
    expect((await enqueue(foreigner, 'ping', { key: 'k4' })).created).toBe(true);
  });
});

describe('cancel_command', () => {
  test('cancels what waits at once, and again without complaint', async () => {
    const { command } = await enqueue(operator, 'ping', { gateway });
    expect((await cancel(operator, command?.id)).command).toMatchObject({ status: 'cancelled' });
    expect((await cancel(operator, command?.id)).command).toMatchObject({ status: 'cancelled' });
    const lines = await database.query(
      `select actor_user_id, meta from audit_log where entity_id = $1 and action = 'command.cancelled'`,
      [command?.id],
    );
    expect(lines).toEqual([{ actor_user_id: operator.id, meta: expect.objectContaining({ origin: 'tui' }) }]);
  });

  test('asks the runner of what is held, and refuses what is finished', async () => {
    await database.query(`update agent_commands set status = 'cancelled' where status = 'pending'`);
    const { command } = await enqueue(operator, 'ping', { gateway });
    const { lease_token: token } = await claimOne(database, gateway);
    expect((await cancel(operator, command?.id)).command).toMatchObject({
      status: 'running',
      cancel_requested_at: expect.any(String),
    });
    await exchange(database, { gateway, results: [{ token, status: 'done' }] });
    expect((await cancel(operator, command?.id)).refused).toMatchObject({
      code: 'conflict',
      message: 'the command has already finished: done',
    });
  });

  test('needs the role of the action, and finds nothing of another tenant', async () => {
    const { command } = await enqueue(operator, 'ping', { gateway });
    const reading = await enqueue(viewer, 'stack_status', { gateway });
    expect((await cancel(viewer, command?.id)).refused?.code).toBe('refused');
    expect((await cancel(viewer, reading.command?.id)).command?.status).toBe('cancelled');
    expect((await cancel(foreigner, command?.id)).refused?.code).toBe('not_found');
    expect((await cancel(stranger, command?.id)).refused?.code).toBe('refused');
  });
});

describe('a command that fails', () => {
  test('makes one notification', async () => {
    await database.query(`update agent_commands set status = 'cancelled' where status = 'pending'`);
    const { command } = await enqueue(operator, 'restart_gateway', { gateway });
    const { lease_token: token } = await claimOne(database, gateway);
    const results = [{ token, status: 'failed', error_message: 'it never became healthy' }];
    await exchange(database, { gateway, results });
    await exchange(database, { gateway, results });
    expect(
      await database.as(
        viewer,
        `select type, title, body, entity_type, read_at from notifications where entity_id = $1`,
        [command?.id],
      ),
    ).toEqual([
      {
        type: 'command_failed',
        title: 'Restart the gateway failed on default',
        body: 'it never became healthy',
        entity_type: 'agent_command',
        read_at: null,
      },
    ]);
  });
});
