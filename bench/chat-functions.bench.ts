import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createMember } from '../local/src/member.ts';
import { median, percentile } from './percentile.ts';
import { startBenchStack } from './stack.ts';
import { atMost, type Figure } from './table.ts';
import { fleetSize, LargeFleet } from './tui/large-fleet.ts';

const size = {
  ...{ audit: 50_000, notifications: 10_000, subscriptions: 1_000, tasks: 20_000, deliverables: 10_000 },
  ...{ inbox: 20_000, usage: 50_000, deliveries: 50_000, buttons: 50_000, alertMessages: 5 },
};
export const title = `The functions of chat, on ${fleetSize.agents} agents, ${fleetSize.commands} commands, ${size.audit} lines of audit, ${size.notifications} alerts, ${size.subscriptions} subscriptions`;

const limitMs = 50;
const rounds = 40;

/** Fills the tables of chat as a year of use would. */
async function fill(database: pg.Client): Promise<void> {
  // Over 60 lines: one statement for each table.
  const tables = [
    'tasks',
    'entity_links',
    'agent_inbox_items',
    'agent_usage',
    'agent_budgets',
    'notifications',
  ];
  for (const table of tables) await database.query(`alter table ${table} disable trigger user`);
  const agents = `(select array_agg(id order by slug) as ids, array_agg(slug order by slug) as slugs from agents) a`;
  const one = `[1 + n % cardinality(a.ids)]`;
  const fillers: readonly (readonly [string, number])[] = [
    [
      `insert into tasks (title, status, assignee_agent_id, created_at, due_date)
       select 'Task ' || n, (array['todo', 'in_progress', 'done', 'done', 'blocked']::task_status[])[1 + n % 5], a.ids${one},
         now() - n * interval '5 minutes', now() + (n - 15000) * interval '1 hour' from generate_series(1, $1::int) n, ${agents}`,
      size.tasks,
    ],
    [
      `insert into entity_links (owner_type, owner_id, label, is_deliverable, review_status, submitted_by_agent_id, created_at)
       select 'task', t.ids[1 + n % cardinality(t.ids)], 'Deliverable ' || n, true,
         (case when n % 50 = 0 then 'in_review' else 'approved' end)::review_status, a.ids${one}, now() - n * interval '10 minutes'
       from generate_series(1, $1::int) n, ${agents}, (select array_agg(id) as ids from tasks) t`,
      size.deliverables,
    ],
    [
      `insert into agent_inbox_items (agent_id, agent_slug, event_type, status, created_at, dedup_key)
       select a.ids${one}, a.slugs${one}, (enum_range(null::inbox_event_type))[1], (case when n % 50 = 0 then 'pending' else 'done' end)::inbox_item_status,
         now() - n * interval '5 minutes', 'bench:' || n from generate_series(1, $1::int) n, ${agents}`,
      size.inbox,
    ],
    [
      `insert into agent_usage (agent_id, run_id, provider, model, total_tokens, cost_total_usd, occurred_at)
       select a.ids${one}, 'run-' || n / 3, 'p', 'm', 100, 0.01, now() - n * interval '30 seconds'
       from generate_series(1, $1::int) n, ${agents}`,
      size.usage,
    ],
    [
      `insert into agent_budgets (agent_id, monthly_limit_usd) select a.id, 10 from agents a order by a.slug limit $1::int`,
      fleetSize.agents,
    ],
    [
      `insert into notifications (type, title, severity, created_at, last_at, resolved_at, subject, dedup_key)
       select 'command_failed', 'Alert ' || n, 'error', now() - n * interval '5 minutes', now() - n * interval '5 minutes',
         case when n % 20 > 0 then now() end, 'gateway:' || n, 'bench:' || n from generate_series(1, $1::int) n`,
      size.notifications,
    ],
    [
      `insert into audit_log (tenant_id, created_at, actor_type, module, entity_type, action, summary)
       select hq.nil_tenant(), now() - n * interval '1 minute', 'system', 'chat', 'chat_identity', 'chat.refused', 'bench'
       from generate_series(1, $1::int) n`,
      size.audit,
    ],
    [
      `insert into chat_subscriptions (platform, install, channel, kind, cursor)
       select 'slack', 'T1', 'C' || n, 'group', to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from generate_series(1, $1::int) n`,
      size.subscriptions,
    ],
    [
      `insert into chat_alert_messages (tenant_id, subscription_id, key, handle)
       select hq.nil_tenant(), s.id, 'alert:' || n, '{"ts": "1.2"}' from chat_subscriptions s, generate_series(1, $1::int) n`,
      size.alertMessages,
    ],
    [
      `insert into chat_deliveries (tenant_id, platform, install, delivery, call, request_hash, answer, created_at)
       select hq.nil_tenant(), 'slack', 'T1', 'sl:' || n, 'act', 'hash', '{}', now() - n * interval '3 seconds'
       from generate_series(1, $1::int) n`,
      size.deliveries,
    ],
    [
      `insert into chat_buttons (token_hash, tenant_id, platform, install, channel, intent, once, expires_at)
       select 'hash-' || n, hq.nil_tenant(), 'slack', 'T1', 'C1', '{}', false, now() + n * interval '1 second'
       from generate_series(1, $1::int) n`,
      size.buttons,
    ],
  ];
  for (const [statement, count] of fillers) await database.query(statement, [count]);
  for (const table of tables) await database.query(`alter table ${table} enable trigger user`);
  await database.query('vacuum analyze');
}

export async function* measure(): AsyncGenerator<Figure> {
  const stack = await startBenchStack();
  const database = new pg.Client({ connectionString: stack.databaseUrl });
  try {
    const fleet = new LargeFleet(stack.databaseUrl);
    await fleet.open();
    await fleet.fill();
    await fleet.close();
    await database.connect();
    await fill(database);
    const member = (role: 'viewer' | 'admin') =>
      createMember(database, { email: `${randomUUID()}@example.test`, password: randomUUID(), role });
    const bot = await member('viewer');
    await database.query('insert into chat_bots (user_id) values ($1)', [bot]);
    await database.query(
      `insert into chat_identities (user_id, platform, install, chat_user) values ($1, 'slack', 'T1', 'U1')`,
      [await member('admin')],
    );
    const claims = JSON.stringify({ sub: bot, role: 'authenticated' });
    yield* measureAll(database, claims);
  } finally {
    await database.end();
    await stack.stop();
  }
}

async function* measureAll(database: pg.Client, claims: string): AsyncGenerator<Figure> {
  // Over 60 lines: a list of every call.
  /** Calls a function as the API does: in a separate transaction as the bot. */
  const call = async (name: string, args: Readonly<Record<string, unknown>>): Promise<number> => {
    const given = Object.keys(args).map((key, at) => `p_${key} => $${at + 1}`);
    const values = Object.values(args).map((value) =>
      typeof value === 'object' ? JSON.stringify(value) : value,
    );
    const begun = performance.now();
    await database.query('begin');
    await database.query(
      `select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)`,
      [claims],
    );
    const { rows } = await database.query<{ answer: { refused?: { message: string } } }>(
      `select ${name}(${given.join(', ')}) as answer`,
      values,
    );
    await database.query('commit');
    const refused = rows[0]?.answer.refused;
    if (refused !== undefined) throw new Error(`${name}: ${refused.message}`);
    return performance.now() - begun;
  };
  const chat = () => ({
    ...{ platform: 'slack', install: 'T1', user: 'U1', channel: 'D1', kind: 'direct' },
    delivery: randomUUID(),
  });
  const { rows } = await database.query<{ id: string }>(
    `select id from agent_commands order by random() limit 1`,
  );
  const [command] = rows;
  const reads: readonly (readonly [what: string, args: object])[] = [
    ['fleet', {}],
    ['gateways', { limit: 100 }],
    ['agents', { limit: 100 }],
    ['agent', { agent: 'agent-42' }],
    ['commands', {}],
    ['commands', { status: 'failed', limit: 100 }],
    ['commands', { status: 'cancelled' }],
    ['commands', { agent: 'agent-42' }],
    ['commands', { gateway: 'gateway-042', status: 'cancelled' }],
    ['command', { id: command?.id.slice(0, 8) }],
    ['output', { id: command?.id }],
    ['tasks', {}],
    ['tasks', { status: 'blocked', limit: 100 }],
    ['tasks', { agent: 'agent-42' }],
    ['deliverables', {}],
    ['deliverables', { status: 'rejected' }],
    ['inbox', {}],
    ['inbox', { status: 'failed' }],
    ['usage', {}],
    ['budgets', { limit: 100 }],
    ['alerts', { limit: 100 }],
    ['secrets', {}],
    ['templates', {}],
    ['subscriptions', { limit: 100 }],
    ['links', {}],
    ['desktop', { limit: 100 }],
  ];
  const calls: readonly (readonly [string, () => Promise<number>])[] = [
    ['chat_whoami', () => call('chat_whoami', { chat: chat() })],
    ...reads.map(([what, args]): [string, () => Promise<number>] => [
      `chat_read ${what} ${JSON.stringify(args)}`,
      () => call('chat_read', { chat: chat(), what, args }),
    ]),
    ['chat_act ping', () => call('chat_act', { chat: chat(), action: 'ping', gateway: 'gateway-042' })],
    [
      'chat_act create_task',
      () => call('chat_act', { chat: chat(), action: 'create_task', payload: { title: 'x' } }),
    ],
    [
      'chat_act restart_gateway',
      () => call('chat_act', { chat: chat(), action: 'restart_gateway', gateway: 'gateway-043' }),
    ],
    ['chat_open_cards', () => call('chat_open_cards', { platform: 'slack' })],
    ['chat_list_subscriptions', () => call('chat_list_subscriptions', { platform: 'slack' })],
    ['chat_heartbeat', () => call('chat_heartbeat', { holder: 'bench', adapters: [] })],
    [
      'chat_heartbeat with its sweep',
      async () => {
        await database.query('delete from hq.rate_counters');
        return call('chat_heartbeat', { holder: 'bench', adapters: [] });
      },
    ],
  ];
  for (const [name, once] of calls) {
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) took.push(await once());
    yield atMost(
      `${name}, p95 (median ${median(took).toFixed(1)})`,
      percentile(took, 0.95),
      limitMs,
      'ms',
      1,
    );
  }
}
