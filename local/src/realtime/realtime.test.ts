import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import {
  REALTIME_LISTEN_TYPES,
  type RealtimePostgresChangesPayload,
  type SupabaseClient,
} from '@supabase/supabase-js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../../db/testing/eventually.ts';
import { type StackMember, startTestStack, type TestStack } from '../../testing/stack.ts';
import { sign } from '../api/tokens.ts';
import { installTriggers } from './change-feed.ts';
import { decodeFrame, encodeFrame } from './frames.ts';

// Every test waits for conditions, so a busy machine only makes it slower.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

type Change = RealtimePostgresChangesPayload<Record<string, unknown>>;

let stack: TestStack;
let ours: { tenant: string; gateway: string; viewer: StackMember };
let theirs: { tenant: string; gateway: string; admin: StackMember };

beforeAll(async () => {
  stack = await startTestStack();
  const [our, their] = [await stack.database.addTenant('ours'), await stack.database.addTenant('theirs')];
  ours = {
    tenant: our.id,
    gateway: our.gateway,
    viewer: await stack.createMember('viewer', { tenant: our.id }),
  };
  theirs = {
    tenant: their.id,
    gateway: their.gateway,
    admin: await stack.createMember('admin', { tenant: their.id }),
  };
});
afterAll(() => stack?.close());

const listening: SupabaseClient[] = [];
afterEach(async () => {
  await Promise.all(listening.splice(0).map((client) => client.removeAllChannels()));
});

interface Ears {
  readonly changes: Change[];
  readonly statuses: string[];
  readonly systems: { status: string; message: string }[];
}

async function listen(
  client: SupabaseClient,
  {
    event = '*',
    ...binding
  }: { event?: 'INSERT' | 'UPDATE' | 'DELETE' | '*'; table: string; filter?: string },
  expected: 'ok' | 'error' = 'ok',
): Promise<Ears> {
  const ears: Ears = { changes: [], statuses: [], systems: [] };
  listening.push(client);
  client
    .channel(`test:${randomUUID()}`)
    .on<Record<string, unknown>>(
      REALTIME_LISTEN_TYPES.POSTGRES_CHANGES,
      // The library has an overload for each event and none for all of them.
      { event: event as '*', schema: 'public', ...binding },
      (change) => ears.changes.push(change),
    )
    .on('system', {}, (message) => ears.systems.push(message))
    .subscribe((status) => ears.statuses.push(status));
  await eventually(() => expect(ears.systems.at(-1)?.status).toBe(expected));
  return ears;
}

/** Makes a change that every subscriber gets: an earlier change that has not arrived by then never does. */
async function nothingBefore(ears: Ears): Promise<void> {
  const label = randomUUID();
  await stack.database.query('update public.gateways set label = $1 where id = $2', [label, ours.gateway]);
  await eventually(() => expect(ears.changes.at(-1)?.new).toMatchObject({ label }));
  ears.changes.pop();
}

describe('a subscribed member', () => {
  it('gets an insert, an update and a delete of its own tenant', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    const id = await stack.database.addGateway('received', ours.tenant);
    await eventually(() => expect(ears.changes).toHaveLength(1));
    expect(ears.changes[0]).toMatchObject({
      eventType: 'INSERT',
      table: 'gateways',
      schema: 'public',
      errors: null,
      new: { id, slug: 'received', tenant_id: ours.tenant, meta: {}, last_seen_at: null },
    });
    await stack.database.query(`update public.gateways set label = 'changed' where id = $1`, [id]);
    await eventually(() => expect(ears.changes).toHaveLength(2));
    expect(ears.changes[1]).toMatchObject({
      eventType: 'UPDATE',
      new: { id, label: 'changed' },
      old: { id },
    });
    await stack.database.query('delete from public.gateways where id = $1', [id]);
    await eventually(() => expect(ears.changes).toHaveLength(3));
    expect(ears.changes[2]).toMatchObject({ eventType: 'DELETE', old: { id } });
    expect(Object.keys(ears.changes[2]?.old ?? {})).toEqual(['id']);
  });

  it('gets nothing of another tenant, not even a delete', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    const id = await stack.database.addGateway('secret', theirs.tenant);
    await stack.database.query(`update public.gateways set label = 'x' where id = $1`, [id]);
    await stack.database.query('delete from public.gateways where id = $1', [id]);
    await nothingBefore(ears);
    expect(ears.changes).toEqual([]);
  });

  it('without a membership gets nothing', async () => {
    const stranger = await stack.createMember(null, { tenant: ours.tenant });
    const ears = await listen(await stack.clientOf(stranger), { table: 'gateways' });
    const witness = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    const id = await stack.database.addGateway('unseen', ours.tenant);
    await eventually(() => expect(witness.changes).toHaveLength(1));
    await stack.database.query('delete from public.gateways where id = $1', [id]);
    await eventually(() => expect(witness.changes).toHaveLength(2));
    await nothingBefore(witness);
    expect(ears.changes).toEqual([]);
  });

  it('gets nothing after the membership ended, though the token is still valid', async () => {
    const fired = await stack.createMember('operator', { tenant: ours.tenant });
    const ears = await listen(await stack.clientOf(fired), { table: 'gateways' });
    await stack.database.query('update public.gateways set label = $1 where id = $2', [
      'known',
      ours.gateway,
    ]);
    await eventually(() => expect(ears.changes).toHaveLength(1));
    await stack.database.query('delete from public.tenant_members where user_id = $1', [fired.id]);
    const witness = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    await nothingBefore(witness);
    expect(ears.changes).toHaveLength(1);
  });
});

describe('the service role', () => {
  it('gets changes of every tenant', async () => {
    const ears = await listen(await stack.clientOf('service'), { table: 'gateways', event: 'INSERT' });
    const ids = [
      await stack.database.addGateway('served-ours', ours.tenant),
      await stack.database.addGateway('served-theirs', theirs.tenant),
    ];
    await eventually(() => expect(ears.changes.map(({ new: row }) => 'id' in row && row.id)).toEqual(ids));
  });
});

describe('a subscription is refused', () => {
  it('without a token', async () => {
    const ears = await listen(await stack.clientOf('anon'), { table: 'gateways' }, 'error');
    expect(ears.systems.at(-1)?.message).toMatch(/Unable to subscribe/);
  });

  it('for a table that is not published', async () => {
    await listen(await stack.clientOf('service'), { table: 'tenant_members_of_nowhere' }, 'error');
  });

  it.each(['nowhere=eq.1', 'slug=resembles.x', 'slug'])('for the filter %s', async (filter) => {
    await listen(await stack.clientOf('service'), { table: 'gateways', filter }, 'error');
  });
});

describe('a filter', () => {
  it('passes matching rows', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), {
      table: 'gateways',
      event: 'INSERT',
      filter: 'slug=in.(wanted-1,wanted-2)',
    });
    for (const slug of ['wanted-1', 'other', 'wanted-2']) await stack.database.addGateway(slug, ours.tenant);
    await eventually(() =>
      expect(ears.changes.map(({ new: row }) => 'slug' in row && row.slug)).toEqual(['wanted-1', 'wanted-2']),
    );
  });
});

describe('a table that was created later', () => {
  it('is delivered after a reload of the schema, and only in the columns that the subscriber may read', async () => {
    await stack.database.query(`
      create table public.partly (id int, part int, open text, closed text, primary key (part, id));
      alter table public.partly enable row level security;
      revoke all on public.partly from anon, authenticated;
      grant select (id, part, open) on public.partly to authenticated;
      create policy everyone on public.partly for select to authenticated using (open <> 'hidden');
      alter publication supabase_realtime add table public.partly;
    `);
    const owner = new pg.Client({ connectionString: stack.database.url });
    await owner.connect();
    await installTriggers(owner);
    await owner.query(`notify pgrst, 'reload schema'`);
    await owner.end();
    const server = await stack.clientOf('service');
    await eventually(async () => expect((await server.from('partly').select()).status).toBe(200));
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'partly' });
    const service = await listen(server, { table: 'partly' });
    await listen(await stack.clientOf(ours.viewer), { table: 'partly', filter: 'closed=eq.secret' }, 'error');
    await stack.database.query(
      `insert into public.partly values (1, 7, 'shown', 'secret'), (2, 7, 'hidden', 'secret'), (3, 7, 'shown', 'secret')`,
    );
    await eventually(() => expect(service.changes).toHaveLength(3));
    await eventually(() => expect(ears.changes).toHaveLength(2));
    expect(ears.changes.map(({ new: row }) => row)).toEqual([
      { id: 1, part: 7, open: 'shown' },
      { id: 3, part: 7, open: 'shown' },
    ]);
    expect(service.changes[0]?.new).toEqual({ id: 1, part: 7, open: 'shown', closed: 'secret' });
  });
});

describe('large and many changes', () => {
  it('a row larger than a notification arrives whole', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'gateways', event: 'UPDATE' });
    const text = 'x'.repeat(50_000);
    await stack.database.query(
      `update public.gateways set meta = jsonb_build_object('text', $1::text) where id = $2`,
      [text, ours.gateway],
    );
    await eventually(() => expect(ears.changes).toHaveLength(1));
    expect(ears.changes[0]?.new).toMatchObject({ id: ours.gateway, meta: { text } });
    await stack.database.query(`update public.gateways set meta = '{}' where id = $1`, [ours.gateway]);
  });

  it('a thousand rows of one statement arrive, each once, in time', async () => {
    const { id: tenant } = await stack.database.addTenant('many');
    const member = await stack.createMember('viewer', { tenant });
    const ears = await listen(await stack.clientOf(member), { table: 'agents' });
    await stack.database.query(
      `insert into public.agents (tenant_id, slug, name) select $1, 'agent-' || n, 'n' from generate_series(1, 1000) n`,
      [tenant],
    );
    await stack.database.query(`update public.agents set name = 'm' where tenant_id = $1`, [tenant]);
    await eventually(() => expect(ears.changes).toHaveLength(2000));
    const slugs = (type: string) =>
      new Set(
        ears.changes.flatMap(({ eventType, new: row }) =>
          eventType === type && 'slug' in row ? [row.slug] : [],
        ),
      );
    expect(slugs('INSERT').size).toBe(1000);
    expect(slugs('UPDATE').size).toBe(1000);
  });

  it('a transaction that is rolled back is not delivered', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    await expect(
      stack.database.query(
        `do $$ begin insert into public.gateways (tenant_id, slug) values ('${ours.tenant}', 'undone'); raise exception 'no'; end $$`,
      ),
    ).rejects.toThrow('no');
    await nothingBefore(ears);
    expect(ears.changes).toEqual([]);
  });
});

describe('a token', () => {
  it('that is refreshed keeps the channel', async () => {
    const client = await stack.clientOf(ours.viewer);
    const ears = await listen(client, { table: 'gateways' });
    await client.auth.refreshSession();
    await client.realtime.setAuth();
    await nothingBefore(ears);
    expect(ears.statuses).toEqual(['SUBSCRIBED']);
  });

  it('of another member takes effect at once', async () => {
    const socket = await phoenix(stack.anonKey);
    const [ourToken, theirToken] = await Promise.all([tokenOf(ours.viewer), tokenOf(theirs.admin)]);
    const joined = await socket.join('realtime:swap', ourToken, [
      { event: '*', schema: 'public', table: 'gateways' },
    ]);
    expect(joined).toMatchObject({ status: 'ok' });
    socket.send('realtime:swap', 'access_token', { access_token: theirToken });
    await eventually(() => expect(socket.of('system')).toHaveLength(2));
    await stack.database.addGateway('swap-ours', ours.tenant);
    await stack.database.addGateway('swap-theirs', theirs.tenant);
    await eventually(() => expect(socket.of('postgres_changes')).toHaveLength(1));
    expect(JSON.stringify(socket.of('postgres_changes'))).toContain('swap-theirs');
    socket.close();
  });

  it('that expires ends the channel with a message', async () => {
    const socket = await phoenix(stack.anonKey);
    const exp = Math.floor(Date.now() / 1000) + 4;
    const token = await sign({ role: 'authenticated', sub: ours.viewer.id, exp }, stack.jwtSecret);
    await socket.join('realtime:expiring', token, [{ event: '*', schema: 'public', table: 'gateways' }]);
    await eventually(() => expect(socket.of('phx_close')).toHaveLength(1));
    expect(socket.of('system').at(-1)).toMatchObject({
      status: 'error',
      message: expect.stringMatching(/has expired/),
    });
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000);
    socket.close();
  });

  it.each([
    ['forged', () => sign({ role: 'service_role' }, 'x'.repeat(64))],
    ['expired', () => sign({ role: 'authenticated', exp: 1 }, stack.jwtSecret)],
    ['of a superuser', () => sign({ role: 'postgres' }, stack.jwtSecret)],
    ['no token at all', async () => 'nonsense'],
  ])('that is %s joins nothing', async (_name, token) => {
    const socket = await phoenix(stack.anonKey);
    const reply = await socket.join('realtime:bad', await token(), [
      { event: '*', schema: 'public', table: 'gateways' },
    ]);
    expect(reply).toMatchObject({ status: 'error' });
    socket.close();
  });
});

describe('the protocol', () => {
  it.each(['1.0.0', '2.0.0', undefined] as const)('is served in version %s', async (version) => {
    const socket = await phoenix(stack.serviceRoleKey, version);
    const asked = { event: 'INSERT', schema: 'public', table: 'gateways', filter: 'slug=eq.versioned' };
    const reply = await socket.join('realtime:any', undefined, [asked, { event: '*', schema: 'public' }]);
    expect(reply).toMatchObject({ status: 'ok', response: { postgres_changes: [asked, { event: '*' }] } });
    socket.send('phoenix', 'heartbeat', {});
    await eventually(() => expect(socket.of('phx_reply')).toHaveLength(2));
    const id = await stack.database.addGateway('versioned', ours.tenant);
    // Changes of an earlier test may still arrive.
    const delivered = () =>
      socket.of('postgres_changes').filter((change) => JSON.stringify(change).includes(id));
    await eventually(() => expect(delivered()).toHaveLength(1));
    const [message] = delivered();
    expect(message).toMatchObject({
      ids: [expect.any(Number), expect.any(Number)],
      data: { schema: 'public', table: 'gateways', type: 'INSERT', record: { id }, errors: null },
    });
    socket.send('realtime:any', 'phx_leave', {});
    await eventually(() => expect(socket.of('phx_close')).toHaveLength(1));
    await stack.database.query('delete from public.gateways where id = $1', [id]);
    socket.send('phoenix', 'heartbeat', {});
    await eventually(() => expect(socket.of('phx_reply')).toHaveLength(4));
    expect(delivered()).toHaveLength(1);
    socket.close();
  });

  it('needs a valid key, in the right place', async () => {
    await expect(phoenix('nobody')).rejects.toThrow('401');
    const elsewhere = new WebSocket(`${stack.url.replace('http', 'ws')}/socket?apikey=${stack.anonKey}`);
    await expect(new Promise((_, reject) => elsewhere.once('error', reject))).rejects.toThrow('404');
  });

  it('is refused to a web page that has its own name point here', async () => {
    const headers = { host: 'evil.example.com' };
    const address = `${stack.url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${stack.anonKey}`;
    const socket = new WebSocket(address, { headers });
    await expect(new Promise((_, fail) => socket.once('error', fail))).rejects.toThrow('403');
  });

  it('survives clients that break off or send invalid requests before the upgrade', async () => {
    const ask = (path: string): Socket => {
      const socket = connect(stack.port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      return socket;
    };
    const answers = await Promise.all(
      ['//', '/realtime/v1/websocket', `/realtime/v1/websocket?apikey=${stack.anonKey}`].map(
        (path) =>
          new Promise((resolve) => ask(path).once('data', (data) => resolve(data.toString().slice(9, 12)))),
      ),
    );
    expect(answers).toEqual(['400', '401', '400']);
    for (let times = 0; times < 20; times += 1) {
      const socket = ask(`/realtime/v1/websocket?apikey=nobody`);
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.resetAndDestroy();
    }
    (await phoenix(stack.anonKey)).close();
  });

  it('survives invalid messages', async () => {
    const socket = await phoenix(stack.serviceRoleKey);
    for (const nonsense of [
      '',
      'null',
      '[]',
      '{"topic":1}',
      '[1,2,3,4,5,6]',
      '["1","1","realtime:x","phx_join",7]',
      '["1","1","realtime:x","phx_join",{"config":{"postgres_changes":[{"event":"*","table":"gateways","filter":"slug=like.[-\\\\"}]}}]',
    ]) {
      socket.raw(nonsense);
    }
    socket.send('realtime:never-joined', 'access_token', { access_token: 7 });
    socket.send('phoenix', 'heartbeat', {});
    await eventually(() => expect(socket.of('phx_reply')).toContainEqual({ status: 'ok', response: {} }));
    socket.close();
  });
});

describe('a subscriber during an outage of the database', () => {
  it('has to join again, and then gets changes', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    await stack.database.behindTheGuard(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hq-realtime' and datname = current_database()`,
    );
    await eventually(() => expect(ears.statuses).toContain('CHANNEL_ERROR'));
    await eventually(() => expect(ears.statuses.at(-1)).toBe('SUBSCRIBED'));
    await nothingBefore(ears);
  });

  it('survives a storm of reconnections', async () => {
    const members = await Promise.all(
      Array.from({ length: 10 }, () => stack.createMember('viewer', { tenant: ours.tenant })),
    );
    const clients = await Promise.all(members.map((member) => stack.clientOf(member)));
    for (let round = 0; round < 3; round += 1) {
      const ears = await Promise.all(clients.map((client) => listen(client, { table: 'gateways' })));
      const label = `storm ${round}`;
      await stack.database.query('update public.gateways set label = $1 where id = $2', [
        label,
        ours.gateway,
      ]);
      await eventually(() => {
        for (const { changes } of ears) expect(changes.at(-1)?.new).toMatchObject({ label });
      });
      await Promise.all(clients.map((client) => client.realtime.disconnect()));
    }
  });
});

async function tokenOf(member: StackMember): Promise<string> {
  const { data } = await (await stack.clientOf(member)).auth.getSession();
  return data.session?.access_token ?? '';
}

interface Phoenix {
  join(topic: string, token: string | undefined, changes: readonly object[]): Promise<unknown>;
  send(topic: string, event: string, payload: object): void;
  raw(text: string): void;
  /** The payloads of the messages of this event so far. */
  of(event: string): readonly unknown[];
  close(): void;
}

/** A client without a library. */
async function phoenix(key: string, version: '1.0.0' | '2.0.0' | undefined = '2.0.0'): Promise<Phoenix> {
  const query = new URLSearchParams({ apikey: key, ...(version && { vsn: version }) });
  const socket = new WebSocket(`${stack.url.replace('http', 'ws')}/realtime/v1/websocket?${query}`);
  const received: { event: string; payload: unknown }[] = [];
  socket.on('message', (data) => {
    const frame = decodeFrame(data.toString(), version ?? '1.0.0');
    if (frame) received.push(frame);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  let ref = 0;
  const of = (event: string) =>
    received.filter((frame) => frame.event === event).map(({ payload }) => payload);
  const send = (topic: string, event: string, payload: object): void => {
    ref += 1;
    socket.send(encodeFrame({ joinRef: '1', ref: String(ref), topic, event, payload }, version ?? '1.0.0'));
  };
  return {
    of,
    send,
    raw: (text) => socket.send(text),
    join: async (topic, token, changes) => {
      const before = of('phx_reply').length;
      send(topic, 'phx_join', {
        config: { postgres_changes: changes },
        ...(token && { access_token: token }),
      });
      await eventually(() => expect(of('phx_reply').length).toBeGreaterThan(before));
      return of('phx_reply').at(-1);
    },
    close: () => socket.close(),
  };
}
