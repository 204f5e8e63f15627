import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let viewer: Caller & { id: string };
let operator: Caller & { id: string };
let stranger: Caller & { id: string };
let gateway: string;

beforeAll(async () => {
  database = await cloneDatabase();
  viewer = await database.addUser({ role: 'viewer' });
  operator = await database.addUser({ role: 'operator' });
  stranger = await database.addUser({ role: null });
  gateway = await database.addGateway('limited');
});
afterAll(() => database.drop());

const enqueue = async (caller: Caller, action: string) =>
  (
    await database.as<{ answer: { refused?: { code: string; message: string } } }>(
      caller,
      `select enqueue_command($1, p_gateway => 'limited') as answer`,
      [action],
    )
  )[0]?.answer;
const enqueueMany = (caller: Caller, count: number) =>
  database.as(
    caller,
    `insert into agent_commands (action, gateway_id) select 'stack_status', $1 from generate_series(1, $2)`,
    [gateway, count],
  );

describe('what waits', () => {
  test('is at most 200 commands even when they are asked for at once', async () => {
    const hurried = await database.addUser({ role: 'operator' });
    await enqueueMany(hurried, 190);
    await Promise.all(Array.from({ length: 40 }, () => enqueue(hurried, 'stack_status')));
    expect(
      await database.query(`select count(*)::int as n from agent_commands where requested_by = $1`, [
        hurried.id,
      ]),
    ).toEqual([{ n: 200 }]);
  });

  test('is at most 200 commands of one member on one gateway, and nobody else is kept waiting for it', async () => {
    await expect(enqueueMany(viewer, 201)).rejects.toMatchObject({ code: '23505' });
    await enqueueMany(viewer, 200);
    expect((await enqueue(viewer, 'stack_status'))?.refused).toMatchObject({
      code: 'conflict',
      message: '200 commands of yours wait on this gateway already',
    });
    expect((await enqueue(operator, 'pause_gateway'))?.refused).toBeUndefined();
    const other = await database.addGateway('unlimited');
    await database.as(viewer, `insert into agent_commands (action, gateway_id) values ('stack_status', $1)`, [
      other,
    ]);
    await database.query(`update agent_commands set status = 'cancelled' where requested_by = $1`, [
      viewer.id,
    ]);
    expect((await enqueue(viewer, 'stack_status'))?.refused).toBeUndefined();
  });

  test('has no limit for the service role', async () => {
    await enqueueMany(service, 201);
  });

  test('carries at most 16 KiB beside its payload', async () => {
    const insert = (bytes: number) =>
      database.as(operator, `insert into agent_commands (action, gateway_id, meta) values ('ping', $1, $2)`, [
        gateway,
        JSON.stringify({ note: 'x'.repeat(bytes) }),
      ]);
    await insert(16_000);
    await expect(insert(16_384)).rejects.toMatchObject({ code: '22023', column: 'meta' });
  });
});

describe('refusals', () => {
  const lines = async (user: string) =>
    (
      await database.query(`select from audit_log where action = 'command.refused' and actor_user_id = $1`, [
        user,
      ])
    ).length;

  test('of one caller take at most 30 lines of the log in a minute, and are still refused', async () => {
    for (let n = 0; n < 35; n += 1) {
      expect((await enqueue(stranger, 'stack_status'))?.refused).toMatchObject({ code: 'refused' });
    }
    expect(await lines(stranger.id)).toBe(30);
    await enqueue(viewer, 'ping');
    expect(await lines(viewer.id)).toBe(2);
    await database.behindTheGuard(
      `update audit_log set created_at = created_at - interval '1 minute' where actor_user_id = $1`,
      [stranger.id],
    );
    await enqueue(stranger, 'stack_status');
    expect(await lines(stranger.id)).toBe(31);
  });
});

describe('a mention in a comment', () => {
  test('hangs no item of the inbox on another tenant’s task', async () => {
    const { id: tenant } = await database.addTenant('other');
    const [task] = await database.query<{ id: string }>(
      `insert into tasks (tenant_id, title) values ($1, 'Theirs') returning id`,
      [tenant],
    );
    await database.addAgent('mentioned', gateway);
    await expect(
      database.as(
        operator,
        `insert into comments (entity_type, entity_id, body, mentions) values ('task', $1, 'Look', '{mentioned}')`,
        [task?.id],
      ),
    ).rejects.toMatchObject({ code: 'P0002' });
    const items = await database.query(`select from agent_inbox_items where tenant_id = $1`, [nilTenant]);
    expect(items).toHaveLength(0);
  });
});
