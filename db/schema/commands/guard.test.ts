import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  anon,
  type Caller,
  cloneDatabase,
  nilTenant,
  service,
  type TestDatabase,
} from '../../testing/database.ts';

let database: TestDatabase;
let viewer: Caller & { id: string };
let operator: Caller & { id: string };
let stranger: Caller;
let foreigner: Caller;
let otherTenant: { id: string; gateway: string };
let gateway: string;

beforeAll(async () => {
  database = await cloneDatabase();
  otherTenant = await database.addTenant('other');
  viewer = await database.addUser({ role: 'viewer' });
  operator = await database.addUser({ role: 'operator' });
  stranger = await database.addUser({ role: null });
  foreigner = await database.addUser({ role: 'admin', tenant: otherTenant.id });
  gateway =
    (
      await database.query<{ id: string }>(
        `select id from gateways where slug = 'default' and tenant_id = $1`,
        [nilTenant],
      )
    )[0]?.id ?? '';
});
afterAll(() => database.drop());

const insert = (caller: Caller, columns: Readonly<Record<string, unknown>>) =>
  database.as(
    caller,
    `insert into agent_commands (${Object.keys(columns).join(', ')})
     values (${Object.keys(columns)
       .map((_, index) => `$${index + 1}`)
       .join(', ')}) returning *`,
    Object.values(columns).map((value) =>
      typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
    ),
  );

describe('a row written straight into the table', () => {
  test('is forced to be the caller’s own new request, whatever it says', async () => {
    const [row] = await insert(operator, {
      action: 'restart_gateway',
      tenant_id: otherTenant.id,
      gateway_id: gateway,
      status: 'done',
      requested_by: viewer.id,
      exit_code: 0,
      stdout: 'forged',
      lease_token: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
      attempt: 7,
      priority: 100,
      origin: 'the moon',
      created_at: '2001-01-01',
      result: { forged: true },
    });
    expect(row).toMatchObject({
      tenant_id: nilTenant,
      status: 'pending',
      requested_by: operator.id,
      exit_code: null,
      stdout: null,
      lease_token: null,
      attempt: 0,
      priority: 0,
      origin: 'api',
      result: null,
    });
    expect(row?.created_at.getFullYear()).toBeGreaterThan(2001);
  });

  test('is audited in the caller’s name', async () => {
    const [row] = await insert(operator, { action: 'ping' });
    expect(
      await database.query(
        `select actor_type, actor_user_id, action, summary, meta from audit_log where entity_id = $1`,
        [row?.id],
      ),
    ).toEqual([
      {
        actor_type: 'human',
        actor_user_id: operator.id,
        action: 'command.enqueued',
        summary: 'ping on default',
        meta: { command: 'ping', gateway_id: gateway, agent_slug: null, origin: 'api' },
      },
    ]);
  });

  test('may come from the service role in another’s name, and still meets shape and tenancy', async () => {
    const [row] = await insert(service, { action: 'ping', requested_by: viewer.id });
    expect(row).toMatchObject({ requested_by: viewer.id, gateway_id: gateway });
    await expect(insert(service, { action: 'ping', gateway_id: otherTenant.gateway })).rejects.toMatchObject({
      code: 'P0002',
    });
    await expect(insert(service, { action: 'ping', payload: { x: 1 } })).rejects.toMatchObject({
      code: '22023',
    });
  });

  test('is refused by role: a viewer reads and does not operate', async () => {
    expect(await insert(viewer, { action: 'stack_status' })).toHaveLength(1);
    await expect(insert(viewer, { action: 'restart_gateway' })).rejects.toMatchObject({
      code: '42501',
      message: 'restart_gateway needs the role operator; yours is viewer',
    });
  });

  test.each([
    ['somebody who is no member', () => stranger, '42501'],
    ['somebody who is not signed in', () => anon, '42501'],
  ])('is refused to %s', async (_who, caller, code) => {
    await expect(insert(caller(), { action: 'stack_status' })).rejects.toMatchObject({ code });
  });

  test('of a member whose rights were taken away is refused from that moment', async () => {
    const leaver = await database.addUser({ role: 'operator' });
    await insert(leaver, { action: 'ping' });
    await database.query(`delete from tenant_members where user_id = $1`, [leaver.id]);
    await expect(insert(leaver, { action: 'ping' })).rejects.toMatchObject({ code: '42501' });
  });

  test('finds no gateway and no agent of another tenant', async () => {
    const agent = await database.addAgent('theirs', otherTenant.gateway, otherTenant.id);
    const unknown = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
    for (const [column, theirs] of [
      ['gateway_id', otherTenant.gateway],
      ['agent_id', agent],
    ] as const) {
      const refusals = await Promise.all(
        [theirs, unknown].map((id) =>
          insert(operator, { action: 'ping', [column]: id }).catch((error) => error),
        ),
      );
      expect(refusals[0]).toMatchObject({ code: 'P0002' });
      expect(refusals[0].message).toBe(refusals[1].message);
    }
    const [own] = await insert(foreigner, { action: 'ping' });
    expect(own).toMatchObject({ tenant_id: otherTenant.id, gateway_id: otherTenant.gateway });
  });
});

describe('the payload', () => {
  test.each([
    ['an unknown field', 'ping', { x: 1 }, 'x', 'there is no field "x"; none is allowed here'],
    [
      'an unknown field beside known ones',
      'tail_logs',
      { line: 1 },
      'line',
      'there is no field "line"; allowed: lines, service',
    ],
    [
      'a number out of bounds',
      'tail_logs',
      { lines: 5000 },
      'lines',
      'lines must be a whole number from 1 to 1000',
    ],
    ['a fraction', 'tail_logs', { lines: 1.5 }, 'lines', 'lines must be a whole number from 1 to 1000'],
    ['a number for a text', 'tail_logs', { service: 7 }, 'service', /^service must be a text that matches/],
    [
      'a text that escapes its pattern',
      'tail_logs',
      { service: 'gateway\n--privileged' },
      'service',
      /^service must be/,
    ],
    ['a list for an object', 'ping', [1], 'payload', 'the payload must be an object'],
    [
      'a value out of a list',
      'set_task_status',
      { task: '6f9619ff', status: 'lost' },
      'status',
      /^status must be one of todo, in_progress/,
    ],
    ['a missing field', 'set_task_status', {}, /task|status/, /is missing: it must be/],
    ['an option for an argument', 'tail_logs', { service: '-rf' }, 'service', /^service must be/],
  ])(
    'with %s is refused, naming the field and what is allowed',
    async (_what, action, payload, field, message) => {
      await expect(insert(operator, { action, payload })).rejects.toMatchObject({
        code: '22023',
        column: typeof field === 'string' ? field : expect.stringMatching(field),
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      });
    },
  );

  test('is never repeated in the refusal, since it may hold a secret', async () => {
    const error = await insert(operator, { action: 'tail_logs', payload: { service: 'sk-SECRET' } }).catch(
      (e) => e,
    );
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain('SECRET');
  });

  test('of an action that no executor of this release serves passes as it comes', async () => {
    for (const [action, payload] of [
      ['auth_list', { channel: 'fax', owner_timezone: null }],
      ['backup_gateway', [1]],
    ] as const) {
      const [row] = await insert(operator, { action, payload, agent_slug: 'not-yet-there' });
      expect(row).toMatchObject({ payload, agent_slug: 'not-yet-there', agent_id: null });
    }
    await expect(
      insert(operator, { action: 'update_gateway', agent_slug: 'not-yet-there' }),
    ).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('of a provider’s key is not taken at all', async () => {
    const admin = await database.addUser({ role: 'admin' });
    await expect(
      insert(admin, { action: 'auth_set_api_key', payload: { provider: 'openai', api_key: 'sk-1' } }),
    ).rejects.toMatchObject({ code: '22023', message: 'a command must not contain a key' });
  });
});

describe('the target', () => {
  test('is the only gateway when none is named, and asked for when there are several', async () => {
    const several = await database.addTenant('several');
    await database.addGateway('second', several.id);
    const member = await database.addUser({ role: 'operator', tenant: several.id });
    await expect(insert(member, { action: 'ping' })).rejects.toMatchObject({
      code: '22023',
      column: 'gateway',
    });
    const [row] = await insert(foreigner, { action: 'ping' });
    expect(row?.gateway_id).toBe(otherTenant.gateway);
  });

  test('of an agent’s action is the agent’s gateway, and no other', async () => {
    const second = await database.addGateway('second');
    const agent = await database.addAgent('worker', second);
    const [row] = await insert(operator, { action: 'update', agent_id: agent });
    expect(row).toMatchObject({ gateway_id: second, agent_slug: 'worker' });
    await expect(
      insert(operator, { action: 'pause_agent', agent_id: agent, gateway_id: gateway }),
    ).rejects.toMatchObject({
      code: '22023',
      column: 'agent',
    });
    await expect(insert(operator, { action: 'pause_agent', gateway_id: gateway })).rejects.toMatchObject({
      column: 'agent',
    });
    await expect(
      insert(operator, { action: 'update', agent_slug: '../etc', gateway_id: gateway }),
    ).rejects.toMatchObject({
      code: 'P0002',
    });
    await database.query(`delete from gateways where id = $1`, [second]);
  });
});
