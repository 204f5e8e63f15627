import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../src/verify.ts';
import { type Caller, cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';
import { type Asked, enqueue as ask } from '../../testing/enqueue.ts';
import { exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let operator: Caller & { id: string };
let viewer: Caller;
let foreigner: Caller;
let gateway: string;
beforeAll(async () => {
  database = await cloneDatabase();
  const other = await database.addTenant('other');
  operator = await database.addUser({ role: 'operator' });
  viewer = await database.addUser({ role: 'viewer' });
  foreigner = await database.addUser({ role: 'operator', tenant: other.id });
  gateway = await database.addGateway('executors');
});
afterAll(() => database.drop());

const enqueue = (caller: Caller, action: string, asked?: Asked) => ask(database, caller, action, asked);
const task = (title: string, more: Asked = {}) =>
  enqueue(operator, 'create_task', { payload: { title }, ...more });
const tasks = (title: string) => database.query(`select id from tasks where title = $1`, [title]);

describe('an action of the database’s own', () => {
  test('is done when its row is written, and nobody can claim it', async () => {
    const { command, created } = await task('At once');
    expect(created).toBe(true);
    expect(command).toMatchObject({
      status: 'done',
      attempt: 1,
      gateway_id: null,
      requested_by: operator.id,
      result: { title: 'At once', status: 'todo', agent: null },
    });
    expect(command?.started_at).not.toBeNull();
    expect(command?.completed_at).not.toBeNull();
    expect((await exchange(database, { gateway, claim: 100 })).claimed).toEqual([]);
  });

  test('is audited like every other', async () => {
    const { command } = await task('Written down');
    expect(
      await database.query(`select action, summary, actor_user_id from audit_log where entity_id = $1`, [
        command?.id,
      ]),
    ).toEqual([{ action: 'command.enqueued', summary: 'create_task', actor_user_id: operator.id }]);
  });

  test('is done once for one key, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => task('Only once', { key: 'k1' })));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ command }) => command?.id)).size).toBe(1);
    expect(answers.every(({ command }) => command?.status === 'done')).toBe(true);
    expect(await tasks('Only once')).toHaveLength(1);
    expect((await task('Something else', { key: 'k1' })).refused?.code).toBe('conflict');
  });

  test('that is refused leaves no row, and a line that says so', async () => {
    const payload = { task: '00000000-0000-4000-8000-00000000dead', status: 'done' };
    const { refused } = await enqueue(operator, 'set_task_status', { payload, origin: 'slack' });
    expect(refused).toMatchObject({ code: 'not_found', message: 'there is no such task', field: 'task' });
    expect(await database.query(`select 1 from agent_commands where action = 'set_task_status'`)).toEqual([]);
    expect(
      await database.query(
        `select summary from audit_log where action = 'command.refused' and meta ->> 'origin' = 'slack'`,
      ),
    ).toEqual([{ summary: 'set_task_status refused: there is no such task' }]);
  });

  test('needs its role', async () => {
    expect((await enqueue(viewer, 'create_task', { payload: { title: 'No' } })).refused).toMatchObject({
      code: 'refused',
    });
    expect(await tasks('No')).toEqual([]);
  });

  test('is done for a row that is written straight into the table, too', async () => {
    await database.as(
      operator,
      `insert into agent_commands (action, payload) values ('create_task', '{"title": "Straight in"}')`,
    );
    expect(await tasks('Straight in')).toHaveLength(1);
    expect(
      await database.query(`select status from agent_commands where payload ->> 'title' = 'Straight in'`),
    ).toEqual([{ status: 'done' }]);
  });

  test('for the workspace takes no gateway and no agent', async () => {
    await database.addAgent('aim', gateway);
    expect((await task('Aimed', { gateway: 'executors' })).refused).toMatchObject({
      code: 'usage',
      field: 'gateway',
    });
    expect((await task('Aimed', { agent: 'aim' })).refused).toMatchObject({ code: 'usage' });
  });

  test('for an agent needs no gateway to be chosen', async () => {
    await database.addAgent('adrift', null);
    expect((await enqueue(operator, 'pause_agent', { agent: 'adrift' })).command).toMatchObject({
      status: 'done',
      gateway_id: null,
      agent_slug: 'adrift',
    });
  });

  test('cannot be said to come from a chat by whoever writes the row', async () => {
    const [row] = await database.as<{ meta: unknown }>(
      operator,
      `insert into agent_commands (action, payload, meta)
       values ('create_task', '{"title": "Forged"}', '{"chat": {"identity": "x"}, "kept": 1}') returning meta`,
    );
    expect(row?.meta).toEqual({ kept: 1 });
  });
});

describe('an id', () => {
  test('may be given by its beginning, inside the tenant, where that names one row', async () => {
    const [own, twin] = ['abcdef12-0000-4000-8000-000000000001', 'abcdef12-0000-4000-8000-000000000002'];
    const [foreign] = await database.query<{ tenant_id: string }>(
      `select id as tenant_id from tenants where slug = 'other'`,
    );
    await database.query(`insert into tasks (id, title, tenant_id) values ($1, 'one', $2)`, [own, nilTenant]);
    await database.query(`insert into tasks (id, title, tenant_id) values ($1, 'theirs', $2)`, [
      '99999999-0000-4000-8000-000000000001',
      foreign?.tenant_id,
    ]);
    const finish = (id: string, caller: Caller = operator) =>
      enqueue(caller, 'set_task_status', { payload: { task: id, status: 'done' } });
    expect((await finish('ABCDEF12')).command?.result).toMatchObject({ id: own, status: 'done' });
    expect((await finish('abcdef12-0000-4')).command?.result).toMatchObject({ id: own });
    expect((await finish('abcdef1')).refused).toMatchObject({ code: 'usage', field: 'task' });
    expect((await finish('99999999')).refused?.code).toBe('not_found');
    expect((await finish('abcdef12', foreigner)).refused?.code).toBe('not_found');
    await database.query(`insert into tasks (id, title) values ($1, 'two')`, [twin]);
    expect((await finish('abcdef12')).refused).toMatchObject({
      code: 'usage',
      hint: `Give more of its id: ${own}, ${twin}.`,
    });
    expect((await finish(twin ?? '')).command?.result).toMatchObject({ id: twin });
  });
});

describe('an action that the database executes on a gateway', () => {
  const one = nilTenant;
  beforeAll(async () => {
    await database.query(`
      alter type command_action add value if not exists 'note_gateway';
      insert into hq.actions (name, title, target, executor, danger, role, lane, retry, max_attempts, timeout_seconds, while_paused,
        payload_schema, served)
      values ('note_gateway', 'Note', 'gateway', 'database', 'reversible', 'operator', 'none', 'never', 1, 10, true, '{}', true);
      create function hq.do_note_gateway(p_command agent_commands) returns jsonb language plpgsql as $$
      begin
        update public.gateways g set meta = g.meta || '{"noted": true}' where g.id = p_command.gateway_id;
        return jsonb_build_object('found', found);
      end $$;
    `);
  });

  test('takes the only gateway where none is named', async () => {
    const tenant = await database.addTenant('with-one-gateway');
    const admin = await database.addUser({ role: 'admin', tenant: tenant.id });
    const { command } = await enqueue(admin, 'note_gateway', {});
    expect(command).toMatchObject({ status: 'done', result: { found: true }, gateway_id: tenant.gateway });
  });

  test('is refused, naming the field, where there are several or none', async () => {
    expect(await database.query(`select id from gateways where tenant_id = $1`, [one])).not.toHaveLength(1);
    expect((await enqueue(operator, 'note_gateway', {})).refused).toMatchObject({
      code: 'usage',
      field: 'gateway',
      message: 'which gateway? there are several',
    });
    await database.query(`insert into tenants (slug, name) values ('with-no-gateway', 'x')`);
    const [tenant] = await database.query<{ id: string }>(
      `select id from tenants where slug = 'with-no-gateway'`,
    );
    const admin = await database.addUser({ role: 'admin', tenant: tenant?.id ?? '' });
    expect((await enqueue(admin, 'note_gateway', {})).refused).toMatchObject({
      field: 'gateway',
      message: 'there is no gateway yet',
    });
  });
});

test('verify reports an action without its function', async () => {
  const broken = await cloneDatabase();
  try {
    await broken.query(`drop function hq.do_create_task(agent_commands)`);
    expect(await verify(broken.url)).toEqual([
      'the function that executes the action is missing: create_task',
      'dropped since hq-db migrate: function hq.do_create_task(public.agent_commands)',
    ]);
  } finally {
    await broken.drop();
  }
});

test('the service role may ask for one too', async () => {
  await database.as(
    service,
    `insert into agent_commands (tenant_id, action, payload) values ($1, 'create_task', '{"title": "By the service role"}')`,
    [nilTenant],
  );
  expect(await tasks('By the service role')).toHaveLength(1);
});
