import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { migrate, migrationState } from '../../src/migrate.ts';
import { verify } from '../../src/verify.ts';
import { openChatFixture } from '../../testing/chat.ts';
import { anon, type Caller, nilTenant, service, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';
import { exchange } from '../../testing/exchange.ts';
import { older, openOlderHq, owner } from '../../testing/older-hq.ts';

const { gateway, owner: ownerId } = older;
const lost: Caller = {
  role: 'authenticated',
  claims: {
    role: 'authenticated',
    sub: 'aaaaaaaa-0000-4000-8000-000000000003',
    app_metadata: { tenant_id: '99999999-9999-4999-8999-999999999999' },
  },
};

let database: TestDatabase;
let before: Photograph;
let after: Photograph;

interface TableColumns {
  readonly table: string;
  readonly columns: readonly string[];
}

interface Photograph {
  readonly rows: Readonly<Record<string, unknown>>;
  readonly functions: readonly { readonly signature: string; readonly definition: string }[];
}

const readColumns = () =>
  database.query<TableColumns>(
    `select table_name as table, array_agg(column_name::text order by column_name) as columns
     from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
     where table_schema = 'public' and t.table_type = 'BASE TABLE' group by 1 order by 1`,
  );

/** Every row as an older HQ sees it, and the definition of every function. */
async function photograph(tables: readonly TableColumns[]): Promise<Photograph> {
  const rows: Record<string, unknown> = {};
  for (const { table, columns } of tables) {
    const list = columns.map((name) => `"${name}"::text`).join(', ');
    rows[table] = await database.query(`select ${list} from public.${table} order by 1, 2`);
  }
  const functions = await database.query<Photograph['functions'][number]>(
    `select p.oid::regprocedure::text as signature, pg_get_functiondef(p.oid) as definition
     from pg_proc p where p.pronamespace = 'public'::regnamespace order by 1`,
  );
  return { rows, functions };
}

beforeAll(async () => {
  database = await openOlderHq();
  const olderColumns = await readColumns();
  before = await photograph(olderColumns);
  await migrate(database.url);
  after = await photograph(olderColumns);
});
afterAll(() => database.drop());

describe('adopting an existing HQ', () => {
  test('changes no row, and of its functions what their daemons lease and whose rights its readers have', () => {
    expect(after.rows).toEqual(before.rows);
    const definitionOf = new Map(after.functions.map(({ signature, definition }) => [signature, definition]));
    const changed = before.functions.filter(
      ({ signature, definition }) => definitionOf.get(signature) !== definition,
    );
    expect(changed.map(({ signature }) => signature)).toEqual([
      'get_agent_daily_usage(uuid)',
      'lease_command(integer,text)',
    ]);
    const [reader, lease] = changed;
    expect(definitionOf.get(reader?.signature ?? '')).toBe(
      reader?.definition.replace(' SECURITY DEFINER', ''),
    );
    const head = (definition = '') => definition.slice(0, definition.indexOf('LANGUAGE'));
    expect(head(definitionOf.get(lease?.signature ?? ''))).toBe(head(lease?.definition));
  });

  test('is done once: the second time nothing is applied', async () => {
    const steps: string[] = [];
    await migrate(database.url, { onStep: (step) => steps.push(step) });
    expect(steps).toEqual([]);
    expect(await migrationState(database.url)).toMatchObject({ pending: [], policy: [] });
  });

  test('makes everyone who had every right an admin of their tenant, and nobody of no tenant', async () => {
    expect(
      await database.query(`select user_id, tenant_id, role from tenant_members order by user_id`),
    ).toEqual([
      { user_id: ownerId, tenant_id: nilTenant, role: 'admin' },
      {
        user_id: 'aaaaaaaa-0000-4000-8000-000000000002',
        tenant_id: '11111111-1111-4111-8111-111111111111',
        role: 'admin',
      },
      { user_id: 'aaaaaaaa-0000-4000-8000-000000000007', tenant_id: nilTenant, role: 'admin' },
    ]);
  });

  test('a user who signs up later is nobody, in old tables too, until an admin says otherwise', async () => {
    const late = await database.addUser({ role: null });
    for (const table of [
      'gateways',
      'agents',
      'agent_commands',
      'tasks',
      'contacts',
      'audit_log',
      'tenants',
    ]) {
      expect(await database.as(late, `select 1 from ${table}`), table).toEqual([]);
      expect(await database.as(lost, `select 1 from ${table}`), table).toEqual([]);
    }
    await expect(database.as(late, `insert into contacts (name) values ('Eve')`)).rejects.toMatchObject({
      code: '42501',
    });
    await database.as(owner, `insert into tenant_members (user_id, role) values ($1, 'viewer')`, [late.id]);
    expect(await database.as(late, `select name from contacts`)).toEqual([{ name: 'Ada' }]);
    expect(await database.as(late, `update contacts set name = 'Eve' returning 1`)).toEqual([]);
    await expect(database.as(late, `update audit_log set summary = 'x'`)).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('its owner still works with it, and the history is out of reach', async () => {
    await database.as(owner, `update contacts set name = 'Ada L.' where name = 'Ada'`);
    await database.as(owner, `update tasks set board_position = 2`);
    await database.as(owner, `select rename_contact(id, 'Ada') from contacts`);
    for (const table of ['audit_log', 'agent_usage', 'agent_commands']) {
      await expect(database.as(owner, `delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('no function of its is open to the anonymous, and its queue to nobody but its daemons', async () => {
    await expect(database.as(anon, `select reset_settings()`)).rejects.toMatchObject({ code: '42501' });
    await expect(database.as(anon, `select 1 from contacts`)).rejects.toMatchObject({ code: '42501' });
    await expect(database.as(owner, `select lease_command()`)).rejects.toMatchObject({ code: '42501' });
    await database.as(owner, `select reset_settings()`);
    await expect(database.as(anon, `select * from consume_gateway_token('x')`)).rejects.toMatchObject({
      code: '28000',
    });
  });

  test('an inbox that its own trigger fills is not filled twice', async () => {
    await database.as(
      owner,
      `insert into tasks (title, assignee_agent_id) values ('Once', 'cccccccc-0000-4000-8000-000000000001')`,
    );
    expect(
      await database.query(
        `select 1 from agent_inbox_items i join tasks t on t.id = i.task_id where t.title = 'Once'`,
      ),
    ).toHaveLength(1);
  });

  test('an agent whose slug is no longer allowed stays, and a new one is refused', async () => {
    await database.as(owner, `update agents set description = 'kept' where slug = 'main'`);
    await expect(
      database.as(owner, `insert into agents (name, slug) values ('x', 'master')`),
    ).rejects.toMatchObject({ code: '22023' });
  });

  test('its web product can ask for a backup, which its enum did not know', async () => {
    expect(
      await database.as(
        owner,
        `insert into agent_commands (action) values ('backup_gateway') returning status`,
      ),
    ).toEqual([{ status: 'pending' }]);
  });

  test('its daemons still lease and finish, and cannot touch what a runner of ours holds', async () => {
    const turn = await exchange(database, { gateway, claim: 10, beat: { version: '1' } });
    // The row that has been running for nine days is given up; then the turn of the oldest request comes, which names no gateway.
    const [stuck] = await database.query(
      `select status, error_message from agent_commands where id = 'dddddddd-0000-4000-8000-000000000002'`,
    );
    expect(stuck).toMatchObject({ status: 'failed', error_message: expect.stringContaining('died') });
    expect(turn.claimed.map(({ id }) => id)).toEqual(['dddddddd-0000-4000-8000-000000000004']);
    const held = turn.claimed[0];
    const late = () => database.as(service, `select complete_command($1, 0, '', '')`, [held?.id]);
    await expect(late()).rejects.toMatchObject({ code: '55000' });
    const results = [{ token: held?.lease_token, status: 'failed', error_message: 'no' }];
    await exchange(database, { gateway, results });
    await expect(late()).rejects.toMatchObject({ code: '55000' });

    const [leased] = await database.as(service, `select id from lease_command(300, 'default')`);
    await database.as(service, `select start_command($1)`, [leased?.id]);
    await database.as(service, `select complete_command($1, 0, 'out', '')`, [leased?.id]);
    expect(
      await database.query(`select action, status, stdout from agent_commands where id = $1`, [leased?.id]),
    ).toEqual([{ action: 'backup_gateway', status: 'done', stdout: 'out' }]);
  });

  test('lines of audit and notifications are written in the older types', async () => {
    const [answer] = await database.as(owner, `select enqueue_command('ping', p_gateway => 'default') as a`);
    const id = answer?.a.command.id;
    const turn = await exchange(database, { gateway, claim: 10 });
    const token = turn.claimed.find((command) => command.id === id)?.lease_token;
    await exchange(database, { gateway, results: [{ token, status: 'failed', error_message: 'no' }] });
    expect(
      await database.query(`select actor_type, actor_user_id, action from audit_log where entity_id = $1`, [
        id,
      ]),
    ).toEqual([{ actor_type: 'human', actor_user_id: ownerId, action: 'command.enqueued' }]);
    expect(await database.query(`select type, body from notifications where entity_id = $1`, [id])).toEqual([
      { type: 'command_failed', body: 'no' },
    ]);
  });

  test('what the database does by itself fits the older types', async () => {
    const result = z.object({ id: z.string().default('') });
    const run = async (action: string, payload: object = {}, agent?: string) => {
      const answer = await enqueue(database, owner, action, {
        payload,
        ...(agent !== undefined && { agent }),
      });
      expect(answer.refused, action).toBeUndefined();
      return result.parse(answer.command?.result);
    };
    const { id: task } = await run('create_task', {
      title: 'Adopted',
      due_date: '2027-01-02',
      agent: 'main',
    });
    await run('assign_task', { task, agent: 'main' });
    await run('comment_on_task', { task, body: 'Hello @main' });
    await run('set_task_status', { task: task.slice(0, 8), status: 'blocked' });
    expect(
      await database.query(`select title, severity from notifications where type::text = 'task_blocked'`),
    ).toEqual([{ title: 'Blocked: Adopted', severity: 'warning' }]);
    expect(
      await database.query(`select due_date::text, priority from tasks where title = 'Adopted'`),
    ).toEqual([{ due_date: '2027-01-02', priority: 'medium' }]);
    const [link] = await database.query<{ id: string }>(
      `insert into entity_links (owner_type, owner_id, is_deliverable, review_status) values ('task', $1, true, 'in_review') returning id`,
      [task],
    );
    await run('request_revision', { deliverable: link?.id, note: 'Shorter' });
    await run('pause_agent', {}, 'main');
    await run('resume_agent', {}, 'main');
    await run('set_budget', { limit_usd: '5' }, 'main');
    await run('top_up_budget', { amount_usd: 1 }, 'main');
    expect(
      await database.query(`select monthly_limit_usd from agent_budgets where monthly_limit_usd is not null`),
    ).toEqual([{ monthly_limit_usd: '6.00' }]);
    await database.query(
      `update agent_budgets set current_period_spend_usd = 6.5, status = 'exceeded' where monthly_limit_usd = 6`,
    );
    expect(
      await database.query(`select title, body from notifications where type::text = 'budget_exceeded'`),
    ).toEqual([{ title: 'main has used up its budget', body: '6.50 of 6.00 USD this month' }]);
  });

  test('its people can write from a chat, and read everything there', async () => {
    const chats = await openChatFixture(database);
    const { code } = await chats.request('issue_chat_code', {}, owner);
    await chats.call('chat_link', {}, { code });
    for (const what of [
      ...[
        'fleet',
        'gateways',
        'agents',
        'commands',
        'tasks',
        'deliverables',
        'inbox',
        'usage',
        'budgets',
        'alerts',
      ],
      ...['secrets', 'templates', 'subscriptions', 'links', 'desktop'],
    ]) {
      expect((await chats.call('chat_read', {}, { what })).refused, what).toBeUndefined();
    }
    const { command } = await chats.call(
      'chat_act',
      {},
      { action: 'create_task', payload: { title: 'By phone' } },
    );
    expect(command).toMatchObject({ status: 'done', requested_by: ownerId });
    expect(
      (await chats.call('chat_read', {}, { what: 'task', args: { id: 'abcdef01' } })).refused?.code,
    ).toBe('not_found');
    await database.query(`update tasks set due_date = current_date - 1 where title = 'By phone'`);
    await chats.request('chat_heartbeat', { holder: 'x', adapters: [] });
    expect(await database.query(`select title from notifications where type::text = 'task_overdue'`)).toEqual(
      [{ title: 'overdue: By phone' }],
    );
  });

  test('a gateway with a history and a token can be deleted, and the history stays', async () => {
    const doomed = await database.addGateway('doomed');
    await database.query(`insert into agent_commands (action, gateway_id) values ('update_gateway', $1)`, [
      doomed,
    ]);
    await database.query(
      `insert into gateway_registration_tokens (token_hash, expires_at, consumed_by_gateway_id) values ('h', now(), $1)`,
      [doomed],
    );
    const count = async () => (await database.query(`select 1 from agent_commands`)).length;
    const before = await count();
    await database.as(owner, `delete from gateways where id = $1`, [doomed]);
    expect(await count()).toBe(before);
  });

  test('a gateway can be paused, which its enum did not know', async () => {
    expect(await database.as(service, `select set_gateway_paused($1, true) as s`, [gateway])).toEqual([
      { s: 'paused' },
    ]);
  });

  test('its views keep showing what members may know of secrets, and no ciphertext', async () => {
    for (const view of ['secret_overview', 'secret_list']) {
      await expect(database.as(owner, `select * from ${view}`)).rejects.toMatchObject({ code: '42501' });
      expect(await database.as(service, `select * from ${view}`)).toHaveLength(4);
    }
    expect(await database.as(owner, `select * from secret_keys`)).toHaveLength(4);
  });

  test('its secrets stay, in their places and states, and nobody but the service role reads their values', async () => {
    await expect(database.as(owner, `select encrypted_value from secrets`)).rejects.toMatchObject({
      code: '42501',
    });
    expect(
      await database.as(owner, `select key, sync_status, revision from secrets order by id`),
    ).toMatchObject([
      { key: 'OPENAI_API_KEY', sync_status: 'active' },
      { key: 'in_clear', sync_status: 'pending' },
      { key: 'NODE_OPTIONS', sync_status: 'active' },
      { key: 'EMPTY', sync_status: 'pending' },
    ]);
    const [read] = await database.as(service, `select secrets_snapshot($1) as s`, [gateway]);
    expect(
      read?.s.secrets.map((secret: { encrypted_value: unknown }) => typeof secret.encrypted_value),
    ).toEqual(Array.from({ length: 4 }, () => 'string'));
    const [published] = await database.query(
      `select attnames::text[] as columns from pg_publication_tables where tablename = 'secrets'`,
    );
    expect(published?.columns).toContain('key');
    expect(published?.columns).not.toContain('encrypted_value');
    await database.query(`update secrets set name = 'told' where key = 'OPENAI_API_KEY'`);
    expect(await verify(database.url)).toEqual([]);
  });

  test('its secrets are set, synced in a state that it did not know, and end with their agent', async () => {
    const sealed = 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEd';
    const [set] = await database.as(
      owner,
      `select set_secret('OPENAI_API_KEY', $1, 'default', p_category => 'integration') as a`,
      [sealed],
    );
    const { id, revision } = set?.a.secret ?? {};
    expect(set?.a).toMatchObject({ created: false, secret: { revision: 2, category: 'integration' } });
    const [made] = await database.as(
      owner,
      `select set_secret('A_NEW_ONE', $1, 'default', 'main', 'channel') as a`,
      [sealed],
    );
    expect(made?.a).toMatchObject({ created: true, secret: { category: 'channel', sync_status: 'pending' } });
    const results = [
      { id, revision, status: 'waiting', error: 'not yet' },
      { id: 'eeeeeeee-0000-4000-8000-000000000002', revision: 1, status: 'error', error: 'not encrypted' },
    ];
    expect(
      await database.as(service, `select secrets_synced($1, $2) as n`, [gateway, JSON.stringify(results)]),
    ).toEqual([{ n: 2 }]);
    expect(await database.query(`select sync_status, sync_error from secrets where id = $1`, [id])).toEqual([
      { sync_status: 'waiting', sync_error: 'not yet' },
    ]);
    expect(
      await database.query(`select title from notifications where type::text = 'secret_sync_failed'`),
    ).toEqual([{ title: 'in_clear is not on default' }]);
    await database.query(`delete from agents where slug = 'main'`);
    expect(await database.query(`select key from secrets order by key`)).toEqual([
      { key: 'EMPTY' },
      { key: 'OPENAI_API_KEY' },
      { key: 'in_clear' },
    ]);
  });

  test('its own log of secrets gets no more ciphertext', async () => {
    const logged = () =>
      database.query<{ after: string }>(
        `select changes #>> '{after,encrypted_value}' as after from audit_log where changes is not null order by id desc limit 1`,
      );
    await database.query(`update secrets set note = 'logged' where key = 'OPENAI_API_KEY'`);
    expect(await logged()).toEqual([{ after: '[redacted]' }]);
  });
});
