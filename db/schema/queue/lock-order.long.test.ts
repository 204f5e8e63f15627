import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Account, type ChatFixture, openChatFixture } from '../../testing/chat.ts';
import { type Caller, cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';

let database: TestDatabase;
let chats: ChatFixture;
let admin: Caller;
let people: readonly Account[];
let gateway: string;

const agents = ['worker', 'helper'] as const;
const tokens = ['none'];
const tasks = ['00000000'];
const drifter = `id = (select id from agents where slug like 'drifter-%' order by random() limit 1)`;

beforeAll(async () => {
  database = await cloneDatabase();
  chats = await openChatFixture(database);
  admin = await database.addUser({ role: 'admin' });
  const [home] = await database.query<{ id: string }>(`select id from gateways where tenant_id = $1`, [
    nilTenant,
  ]);
  gateway = home?.id ?? '';
  for (const slug of agents) await database.addAgent(slug, gateway);
  await chats.bind('C1', 'admin');
  people = await Promise.all(
    Array.from({ length: 4 }, () => chats.link('admin', { kind: 'group', channel: 'C1' })),
  );
});
afterAll(() => database.drop());

function pick<T>(list: readonly T[]): T {
  const one = list[Math.floor(Math.random() * list.length)];
  if (one === undefined) throw new Error('there is nothing to pick from');
  return one;
}
const envelope = () => `enc:v1:${'A'.repeat(16)}.${'B'.repeat(22)}.${randomUUID().slice(0, 4)}`;

async function act(action: string, payload: object = {}, agent?: string) {
  const answer = await chats.call('chat_act', pick(people), { action, payload, ...(agent && { agent }) });
  if (answer.confirm !== undefined) tokens.push(answer.confirm.token);
  return answer;
}

/** Everything that changes the same few rows; each takes several locks. */
const operations: readonly (() => Promise<unknown>)[] = [
  () => act(pick(['restart_gateway', 'pause_gateway'])),
  () => chats.call('chat_confirm', pick(people), { token: pick(tokens) }),
  () => chats.call('chat_decline', pick(people), { token: pick(tokens) }),
  async () => {
    await act('create_task', { title: 'one', agent: pick(agents) });
    const [task] = await database.query<{ id: string }>(`select id from tasks order by random() limit 1`);
    if (task !== undefined) tasks.push(task.id);
  },
  () => act('assign_task', { task: pick(tasks), agent: pick(agents) }),
  () => act('set_task_status', { task: pick(tasks), status: pick(['blocked', 'done', 'todo']) }),
  () => database.query(`delete from tasks where id = (select id from tasks order by random() limit 1)`),
  async () => {
    const [alert] = await database.query<{ id: string }>(
      `select id from notifications order by random() limit 1`,
    );
    if (alert !== undefined) await act(pick(['acknowledge_alert', 'mute_alert']), { alert: alert.id });
  },
  () => act(pick(['pause_agent', 'resume_agent']), {}, pick(agents)),
  () => act('set_budget', { limit_usd: pick(['1', '5', 'none']) }, pick(agents)),
  () =>
    database.query(
      `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd)
       select id, $1, 'p', 'm', 1 from agents where slug = $2`,
      [randomUUID(), pick(agents)],
    ),
  () => {
    const adapters = ['slack', 'discord'].map((platform) => ({
      platform,
      install: 'T1',
      fingerprint: pick(['f', 'g']).repeat(20),
      state: pick(['connected', 'connecting', 'stopped']),
    }));
    return chats.request('chat_heartbeat', {
      holder: pick(['a', 'b']),
      adapters: pick([adapters, adapters.reverse()]),
    });
  },
  () => chats.call('chat_subscribe', pick(people)),
  () => chats.call('chat_unsubscribe', pick(people)),
  async () => {
    const watched = await database.query<{ id: string }>(`select id from chat_subscriptions`);
    const rows = watched.map(({ id }) => ({
      subscription_id: id,
      messages: ['a', 'b'].map((key) => ({ key, handle: {}, open: pick([true, false]) })),
    }));
    return chats.request('chat_record_alerts', { rows });
  },
  () =>
    database.as(admin, `select set_secret($1, $2, p_agent => $3)`, [
      pick(['K1', 'K2', 'K3']),
      envelope(),
      pick([...agents, null]),
    ]),
  () => database.as(admin, `select delete_secret(id) from secrets order by random() limit 1`),
  async () => {
    const rows = await database.query(
      `select id, revision, $1 as status, 'why' as error from secrets order by random()`,
      [pick(['active', 'error', 'waiting'])],
    );
    await database.as(service, `select secrets_synced($1, $2)`, [gateway, JSON.stringify(rows)]);
  },
  async () => {
    const rows = await database.query(
      `select id, encrypted_value as old, $1 as new from secrets order by random()`,
      [envelope()],
    );
    const last = pick([true, false]);
    await database.as(service, `select replace_envelopes($1, null, $2)`, [JSON.stringify(rows), last]);
  },
  () => database.as(service, `select runner_exchange($1, 'r', 5, 60, p_heartbeat => '{}')`, [gateway]),
  () => enqueue(database, admin, 'ping'),
  () =>
    database.query(`update gateways set last_seen_at = now() - $1::interval where id = $2`, [
      pick(['5 minutes', '0']),
      gateway,
    ]),
  () =>
    database.query(`update agents set status = $1 where slug = $2`, [pick(['error', 'ready']), pick(agents)]),
  () =>
    database.query(`update agents set slug = 'drifter-' || left(md5(random()::text), 12) where ${drifter}`),
  async () => {
    await database.query(
      `insert into gateways (slug, label, status) values ('doomed', 'doomed', 'ready') on conflict do nothing`,
    );
    await unlessGone(
      database.query(
        `update agents set gateway_id = (select g.id from gateways g where g.slug = 'doomed') where ${drifter}`,
      ),
    );
  },
  () => database.query(`delete from gateways where slug = 'doomed'`),
  () => database.query(`delete from agents where ${drifter}`),
  () =>
    unlessGone(
      database.query(
        `insert into agents (slug, name, status, gateway_id)
         select 'drifter-' || left(md5(random()::text), 12), 'drifter', 'ready', g.id from gateways g where g.slug = 'doomed'`,
      ),
    ),
];

/** The gateway may have been deleted between the look and the write. */
async function unlessGone(query: Promise<unknown>): Promise<void> {
  await query.catch((error: unknown) => {
    if (!(error instanceof pg.DatabaseError) || !['P0002', '23503'].includes(error.code ?? '')) throw error;
  });
}

test('nobody waits in a ring, and nobody fails, whatever is done at once', async () => {
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 600; n += 1) await pick(operations)();
    }),
  );
  expect(await database.query(`select 1 from agent_commands limit 1`)).toHaveLength(1);
}, 300_000);
