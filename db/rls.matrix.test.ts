import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functions, type Least, tables } from './rls.matrix.ts';
import {
  anon,
  type Caller,
  cloneDatabase,
  nilTenant,
  service,
  type TestDatabase,
} from './testing/database.ts';

const verbs = ['select', 'insert', 'update', 'delete'] as const;
const everyone = ['anon', 'stranger', 'foreign admin', 'viewer', 'operator', 'admin', 'service'] as const;
type Name = (typeof everyone)[number];

let database: TestDatabase;
let client: pg.Client;
let callers: Record<Name, Caller>;
/** By table: the values of a new row, the row that is read and changed, and a column to change. */
let samples: Record<string, { values: Record<string, unknown>; which: string; column: string }>;

const spare = 'eeeeeeee-0000-4000-8000-000000000001';
const added = 'eeeeeeee-0000-4000-8000-000000000002';
const taskA = 'eeeeeeee-0000-4000-8000-00000000000a';
const taskB = 'eeeeeeee-0000-4000-8000-00000000000b';

beforeAll(async () => {
  database = await cloneDatabase();
  const other = await database.addTenant('other');
  const [home] = await database.query<{ id: string }>(`select id from gateways where tenant_id = $1`, [
    nilTenant,
  ]);
  const gateway = home?.id ?? '';
  const agent = await database.addAgent('worker', gateway);
  const idle = await database.addAgent('idle', gateway);
  await database.query(`insert into auth.users (id) values ($1), ($2)`, [spare, added]);
  callers = {
    anon,
    service,
    stranger: await database.addUser({ role: null }),
    'foreign admin': await database.addUser({ role: 'admin', tenant: other.id }),
    viewer: await database.addUser({ role: 'viewer' }),
    operator: await database.addUser({ role: 'operator' }),
    admin: await database.addUser({ role: 'admin' }),
  };
  const command = 'eeeeeeee-0000-4000-8000-0000000000cc';
  const identity = 'eeeeeeee-0000-4000-8000-0000000000dd';
  const subscription = 'eeeeeeee-0000-4000-8000-0000000000ee';
  const account = { platform: 'slack', install: 'T1' };
  const own = `tenant_id = '${nilTenant}'`;
  const sample = (column: string, values: Record<string, unknown>, which = own) => ({
    column,
    which,
    values: { tenant_id: nilTenant, ...values },
  });
  samples = {
    agent_activity: sample('text', { agent_id: idle }),
    agent_budgets: sample('monthly_limit_usd', { agent_id: idle }),
    agent_command_output: sample('text', {
      command_id: command,
      attempt: 1,
      seq: 2,
      stream: 'stdout',
      text: 'x',
      bytes_so_far: 1,
    }),
    agent_commands: sample('meta', { gateway_id: gateway, action: 'stack_status' }),
    agent_conditions: sample('subject', { agent_id: idle, kind: 'mute', reason: 'x' }),
    agent_inbox_items: sample('summary', { agent_id: agent, agent_slug: 'worker', event_type: 'heartbeat' }),
    agent_questions: sample('question', {
      ...{ agent_id: agent, kind: 'question', question: 'x', expires_at: '2027-01-01' },
    }),
    agent_routines: sample('name', { agent_id: agent, name: 'second', event: 'task_done' }),
    agent_usage: sample('model', { agent_id: agent, run_id: 'r2', provider: 'p', model: 'm' }),
    agents: sample('name', { slug: 'newcomer', name: 'n' }),
    alert_mutes: sample('until', { type: 'x', subject: 'y', until: '2027-01-01' }),
    audit_log: sample('summary', { actor_type: 'human', action: 'x' }),
    chat_adapters: sample('detail', { platform: 'slack', fingerprint: 'second', holder: 'x', state: 'x' }),
    chat_alert_messages: sample('handle', { subscription_id: subscription, key: 'second', handle: '{}' }),
    chat_bots: sample('created_at', { user_id: spare }),
    chat_buttons: sample('once', {
      ...{ token_hash: 'second', platform: 'slack', install: 'x', channel: 'x', intent: '{}', once: true },
      expires_at: '2027-01-01',
    }),
    chat_cards: sample('shown', { command_id: command, ...account, channel: 'second', handle: '{}' }),
    chat_channels: sample('ceiling', { ...account, channel: 'second', ceiling: 'viewer' }),
    chat_confirmations: sample('expected', {
      ...{ identity_id: identity, token_hash: 'second', kind: 'button', ...account, channel: 'x' },
      ...{ action: 'ping', payload: '{}', expires_at: '2027-01-01' },
    }),
    chat_deliveries: sample('answer', { ...account, delivery: 'second', call: 'act', request_hash: 'x' }),
    chat_identities: sample('last_seen_at', { ...account, user_id: spare, chat_user: 'second' }),
    chat_link_codes: sample('expires_at', { user_id: spare, code_hash: 'second', expires_at: '2027-01-01' }),
    chat_subscriptions: sample('cursor', { ...account, channel: 'second', kind: 'group', filter: '{}' }),
    comments: sample('body', { entity_type: 'task', entity_id: taskA, body: 'x' }),
    entity_links: sample('label', { owner_type: 'task', owner_id: taskA }),
    gateway_registration_tokens: sample('label', { token_hash: 'second' }),
    gateways: sample('label', { slug: 'new-gateway' }),
    notifications: sample('read_at', { type: 'x', title: 'x' }),
    pairing_requests: sample('sender_name', {
      ...{ gateway_id: gateway, agent_id: agent, channel: 'telegram', account: 'worker', sender: '2' },
      ...{ code: 'SECOND', expires_at: '2027-01-01' },
    }),
    secrets: sample('note', {
      gateway_id: gateway,
      key: 'A_SECOND',
      encrypted_value: `enc:v1:${'A'.repeat(16)}.${'A'.repeat(22)}.AAAA`,
    }),
    task_relations: sample('relation_type', {
      source_task_id: taskB,
      target_task_id: taskA,
      relation_type: 'blocks',
    }),
    tasks: sample('title', { title: 'x' }),
    tenant_members: sample('role', { user_id: added, role: 'viewer' }, `user_id = '${spare}'`),
    tenants: { column: 'name', which: `id = '${nilTenant}'`, values: { name: 'x', slug: 'x' } },
    workspace: sample('name', { name: 'x' }),
  };
  await database.query(`insert into tasks (id, title) values ($1, 'a'), ($2, 'b')`, [taskA, taskB]);
  await database.query(`insert into tenant_members (user_id, role) values ($1, 'viewer')`, [spare]);
  await database.behindTheGuard(
    `insert into agent_commands (id, gateway_id, action) values ($1, $2, 'ping')`,
    [command, gateway],
  );
  await database.query(`
    insert into agent_activity (agent_id) values ('${agent}');
    insert into agent_budgets (agent_id) values ('${agent}');
    insert into agent_command_output (command_id, tenant_id, attempt, seq, stream, text, bytes_so_far)
      values ('${command}', '${nilTenant}', 1, 1, 'stdout', 'x', 1);
    insert into agent_conditions (agent_id, kind, reason) values ('${agent}', 'mute', 'x');
    insert into agent_inbox_items (agent_id, agent_slug, event_type) values ('${agent}', 'worker', 'heartbeat');
    insert into agent_routines (agent_id, name, event) values ('${agent}', 'first', 'task_done');
    insert into agent_usage (agent_id, run_id, provider, model) values ('${agent}', 'r1', 'p', 'm');
    insert into agent_questions (agent_id, kind, question, expires_at) values ('${agent}', 'question', 'x', '2027-01-01');
    insert into alert_mutes (type, subject, until) values ('x', 'x', now());
    insert into audit_log (action) values ('x');
    insert into chat_bots (user_id) values ('${callers.viewer.claims.sub}');
    insert into chat_buttons (tenant_id, token_hash, platform, install, channel, intent, once, expires_at)
      values ('${nilTenant}', 'first', 'slack', 'x', 'x', '{}', true, now());
    insert into chat_cards (tenant_id, command_id, platform, install, channel, handle)
      values ('${nilTenant}', '${command}', 'slack', 'T1', 'first', '{}');
    insert into chat_channels (platform, install, channel, ceiling) values ('slack', 'T1', 'first', 'viewer');
    insert into chat_identities (id, user_id, platform, install, chat_user) values ('${identity}', '${spare}', 'slack', 'T1', 'first');
    insert into chat_confirmations (tenant_id, identity_id, token_hash, kind, platform, install, channel, action, payload, expires_at)
      values ('${nilTenant}', '${identity}', 'first', 'button', 'slack', 'T1', 'x', 'ping', '{}', now());
    insert into chat_deliveries (tenant_id, platform, install, delivery, call, request_hash)
      values ('${nilTenant}', 'slack', 'T1', 'first', 'act', 'x');
    insert into chat_link_codes (user_id, code_hash, expires_at) values ('${spare}', 'first', now());
    insert into chat_subscriptions (id, platform, install, channel, kind) values ('${subscription}', 'slack', 'T1', 'first', 'group');
    insert into chat_alert_messages (tenant_id, subscription_id, key, handle) values ('${nilTenant}', '${subscription}', 'first', '{}');
    insert into chat_adapters (platform, fingerprint, holder, state) values ('slack', 'first', 'x', 'x');
    insert into comments (entity_type, entity_id, body) values ('task', '${taskA}', 'x');
    insert into entity_links (owner_type, owner_id) values ('task', '${taskA}');
    insert into gateway_registration_tokens (token_hash) values ('first');
    insert into notifications (type, title) values ('x', 'x');
    insert into pairing_requests (gateway_id, agent_id, channel, account, sender, code, expires_at)
      values ('${gateway}', '${agent}', 'telegram', 'worker', '1', 'FIRST', '2027-01-01');
    insert into secrets (gateway_id, key, encrypted_value) values ('${gateway}', 'A_FIRST', 'enc:v1:');
    insert into task_relations (source_task_id, target_task_id, relation_type) values ('${taskA}', '${taskB}', 'blocks');
    insert into workspace (name) values ('HQ');
  `);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const refusals = new Set(['42501', 'P0002', '28000']);

/** Returns the number of rows that a statement reaches for a caller, and rolls it back; 0 when it is refused. */
async function reach(caller: Caller, sql: string, values: readonly unknown[] = []): Promise<number> {
  // A plan made for an earlier caller's rights must not serve this one.
  await client.query('discard plans');
  await client.query('begin');
  try {
    await client.query(`select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)`, [
      JSON.stringify(caller.claims),
      caller.role,
    ]);
    return (await client.query(sql, [...values])).rowCount ?? 0;
  } catch (error) {
    if (error instanceof pg.DatabaseError && refusals.has(error.code ?? '')) return 0;
    // One workspace per tenant: whoever meets the unique index has passed every policy.
    if (error instanceof pg.DatabaseError && error.constraint === 'workspace_tenant_id_key') return 1;
    throw error;
  } finally {
    await client.query('rollback');
  }
}

function statement(table: string, verb: (typeof verbs)[number]): { sql: string; values: unknown[] } {
  const { values, which, column } = samples[table] ?? { values: {}, which: 'true', column: 'id' };
  const names = Object.keys(values);
  switch (verb) {
    case 'select':
      return { sql: `select 1 from ${table} where ${which}`, values: [] };
    case 'insert':
      return {
        sql: `insert into ${table} (${names.join(', ')}) values (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
        values: Object.values(values),
      };
    case 'update':
      return { sql: `update ${table} set ${column} = ${column} where ${which}`, values: [] };
    case 'delete':
      return { sql: `delete from ${table} where ${which}`, values: [] };
  }
}

const allowed: Readonly<Record<Least, readonly Name[]>> = {
  viewer: ['viewer', 'operator', 'admin', 'service'],
  operator: ['operator', 'admin', 'service'],
  admin: ['admin', 'service'],
  service: ['service'],
};

describe('the matrix', () => {
  test('names every table of public and no other', async () => {
    const found = await database.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
       order by 1`,
    );
    const names = found.map(({ name }) => name);
    expect(Object.keys(tables), 'rls.matrix.ts has a rule for each table, in alphabetical order').toEqual(
      names,
    );
    expect(
      Object.keys(samples),
      'rls.matrix.test.ts has a sample of a new row for each table, in alphabetical order',
    ).toEqual(names);
  });

  test('names every function of public and no other', async () => {
    const found = await database.query<{ name: string }>(
      `select proname as name from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
    );
    expect(
      Object.keys(functions),
      'rls.matrix.ts has a rule for each function of public, in alphabetical order',
    ).toEqual(found.map(({ name }) => name));
  });
});

describe.each(Object.entries(tables))('%s', (table, rule) => {
  test.each(verbs)('%s', async (verb) => {
    const reached: Partial<Record<Name, boolean>> = {};
    for (const name of everyone) {
      const { sql, values } = statement(table, verb);
      reached[name] = (await reach(callers[name], sql, values)) > 0;
    }
    const hint = `callers that reach a row of ${table}; the set-up of rls.matrix.test.ts has to insert one`;
    expect(reached, hint).toEqual(
      Object.fromEntries(everyone.map((name) => [name, allowed[rule[verb]].includes(name)])),
    );
  });

  test('opens no column but those written down', async () => {
    const open = await database.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
       and has_column_privilege('authenticated', attrelid, attnum, 'update') order by 1`,
      [table],
    );
    expect(open.map(({ name }) => name)).toEqual(rule.columns ?? []);
  });

  test('gives no one the privileges that row policies do not cover', async () => {
    expect(
      await database.query(
        `select r.rolname, p from pg_roles r, unnest(array['truncate', 'references', 'trigger']) p
         where r.rolname in ('anon', 'authenticated') and has_table_privilege(r.rolname, $1, p)`,
        [table],
      ),
    ).toEqual([]);
  });
});

describe('functions', () => {
  test.each(Object.entries(functions))('%s is for %s', async (name, least) => {
    const [found] = await database.query<{ call: string }>(
      `select format('select public.%I(%s)', proname, (select string_agg(format('null::%s', t::regtype), ', ') from unnest(proargtypes) t))
         as call from pg_proc where proname = $1 and pronamespace = 'public'::regnamespace`,
      [name],
    );
    const called: Record<string, boolean> = {};
    for (const who of ['anon', 'viewer', 'service'] as const) {
      const outcome = await database.as(callers[who], found?.call ?? '').catch((error: Error) => error);
      called[callers[who].role] = !(
        outcome instanceof Error && outcome.message.startsWith('permission denied for function')
      );
    }
    expect(called).toEqual({
      anon: least === 'anon',
      authenticated: least !== 'service_role',
      service_role: true,
    });
  });

  test('of the closed schema can be called by nobody', async () => {
    for (const who of ['anon', 'admin', 'service'] as const) {
      await expect(database.as(callers[who], `select hq.nil_tenant()`)).rejects.toMatchObject({
        code: '42501',
      });
      await expect(database.as(callers[who], `select * from hq.actions`)).rejects.toMatchObject({
        code: '42501',
      });
    }
  });

  test('that run with the owner’s rights have a fixed search path', async () => {
    expect(
      await database.query(
        `select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname in ('public', 'hq') and p.prosecdef
           and not exists (select from unnest(p.proconfig) c where c like 'search_path=%')`,
      ),
    ).toEqual([]);
  });
});

describe('within a tenant', () => {
  test('the last admin can neither step down nor leave', async () => {
    const admin = callers.admin;
    const self = admin.claims.sub;
    await expect(
      database.as(admin, `update tenant_members set role = 'viewer' where user_id = $1`, [self]),
    ).rejects.toMatchObject({ code: '23514' });
    await expect(
      database.as(admin, `delete from tenant_members where user_id = $1`, [self]),
    ).rejects.toMatchObject({
      code: '23514',
    });
  });

  test('a member signs the audit log only in their own name', async () => {
    const [line] = await database.as(
      callers.operator,
      `insert into audit_log (actor_type, actor_user_id, action, created_at) values ('system', $1, 'forged', '2001-01-01')
       returning actor_type, actor_user_id, created_at > now() - interval '1 minute' as fresh`,
      [callers.admin.claims.sub],
    );
    expect(line).toEqual({ actor_type: 'human', actor_user_id: callers.operator.claims.sub, fresh: true });
  });

  test('a row cannot be moved to another tenant', async () => {
    await expect(
      database.as(callers.admin, `update gateways set tenant_id = gen_random_uuid()`),
    ).rejects.toMatchObject({ code: '42501' });
  });
});
