import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { nilTenant } from '../../../db/testing/database.ts';
import { eventually } from '../../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { connect, type HqClient } from '../client/index.ts';
import { HqError } from '../errors.ts';
import { createLiveQuery, type LiveQuery } from './live-query.ts';
import type { LiveTiming } from './live-timing.ts';
import { readAll } from './read-all.ts';

interface Agent {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly updated_at: string;
}

let stack: TestStack;
const open: { close(): unknown }[] = [];

beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.close());
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await stack.database.behindTheGuard('delete from public.agents');
});

async function signIn(role: 'viewer' | 'admin' = 'viewer', tenant = nilTenant): Promise<HqClient> {
  const member = await stack.createMember(role, { tenant });
  const client = connect({ url: stack.url, anonKey: stack.anonKey, timeoutMs: 2_000 });
  open.push(client);
  await client.signIn(member.email, member.password);
  return client;
}

function agentsOf(client: HqClient, timing: Partial<LiveTiming> = {}, limit?: number): LiveQuery<Agent> {
  const query = createLiveQuery<Agent>({
    client: client.supabase,
    bindings: [{ table: 'agents' }],
    read: (most) =>
      readAll(
        (from, to) =>
          client.ask<Agent[]>(
            client.supabase.from('agents').select('id,slug,name,updated_at').order('slug').range(from, to),
          ),
        most,
      ),
    parse: (record) => {
      const { id, slug, name, updated_at } = record;
      const isWhole = [id, slug, name, updated_at].every((value) => typeof value === 'string');
      return isWhole
        ? { id: String(id), slug: String(slug), name: String(name), updated_at: String(updated_at) }
        : null;
    },
    key: (row) => row.id,
    compare: (a, b) => (a.slug < b.slug ? -1 : a.slug > b.slug ? 1 : 0),
    version: (row) => Date.parse(row.updated_at),
    ...(limit === undefined ? {} : { limit }),
    timing: { pollMs: 200, longestRetryMs: 400, notifyMs: 5, ...timing },
  });
  open.push(query);
  return query;
}

/** No periodic reads: every change arrives by an event. */
const byEventsOnly: Partial<LiveTiming> = { resyncMs: 3_600_000, pollMs: 3_600_000 };

async function settled<Row>(query: LiveQuery<Row>, isSo: (query: LiveQuery<Row>) => boolean): Promise<void> {
  await eventually(() => expect(isSo(query)).toBe(true));
}

/** Repeats an action until it has its effect. */
async function until(act: () => Promise<unknown>, isSo: () => boolean): Promise<void> {
  await vi.waitFor(
    async () => {
      await act();
      expect(isSo()).toBe(true);
    },
    { timeout: 60_000, interval: 100 },
  );
}

const slugs = (query: LiveQuery<Agent>): string[] => query.getSnapshot().rows.map((row) => row.slug);
const isLive = (query: LiveQuery<Agent>): boolean => query.getSnapshot().status === 'live';

describe('a live query', () => {
  it('loads, then holds the rows and is live', async () => {
    await stack.database.addAgent('first', null);
    const query = agentsOf(await signIn());
    expect(query.getSnapshot()).toEqual({
      rows: [],
      status: 'loading',
      asOf: null,
      hasOlder: false,
      error: null,
    });
    query.subscribe(() => undefined);
    await settled(query, isLive);
    expect(slugs(query)).toEqual(['first']);
    expect(query.getSnapshot().asOf).toBeGreaterThan(Date.now() - 10_000);
  });

  it('follows inserts, updates and deletes by events alone', async () => {
    const query = agentsOf(await signIn(), byEventsOnly);
    query.subscribe(() => undefined);
    await settled(query, isLive);
    await stack.database.addAgent('later', null);
    await settled(query, () => slugs(query).includes('later'));
    await stack.database.query("update agents set name = 'Renamed' where slug = 'later'");
    await settled(query, () => query.getSnapshot().rows[0]?.name === 'Renamed');
    await stack.database.query("delete from agents where slug = 'later'");
    await settled(query, () => slugs(query).length === 0);
    expect(query.getSnapshot().status).toBe('live');
  });

  it('reads nothing for a change that is told to be unrelated', async () => {
    const client = await signIn();
    let reads = 0;
    const query = createLiveQuery<Agent>({
      client: client.supabase,
      bindings: [{ table: 'agents' }],
      read: () => {
        reads += 1;
        return Promise.resolve([]);
      },
      isUnrelated: ({ row }) => row.slug === 'unrelated',
      parse: () => null,
      ...{ key: (row) => row.id, compare: () => 0, version: () => 0, timing: byEventsOnly },
    });
    open.push(query);
    query.subscribe(() => undefined);
    await settled(query, isLive);
    const before = reads;
    await stack.database.addAgent('unrelated', null);
    await delay(300);
    expect(reads).toBe(before);
    await stack.database.addAgent('related', null);
    await eventually(() => expect(reads).toBe(before + 1));
  });

  it('returns the same snapshot until something changes', async () => {
    const query = agentsOf(await signIn(), byEventsOnly);
    query.subscribe(() => undefined);
    await settled(query, isLive);
    const before = query.getSnapshot();
    query.refresh();
    expect(query.getSnapshot()).toBe(before);
  });

  it('never holds a row of another tenant', async () => {
    const tenant = await stack.database.addTenant(`other-${Date.now()}`);
    const theirs = agentsOf(await signIn('admin', tenant.id), byEventsOnly);
    const ours = agentsOf(await signIn(), byEventsOnly);
    theirs.subscribe(() => undefined);
    ours.subscribe(() => undefined);
    await settled(theirs, isLive);
    await settled(ours, isLive);
    await stack.database.addAgent('theirs', tenant.gateway, tenant.id);
    await stack.database.addAgent('ours', null);
    await settled(theirs, () => slugs(theirs).length > 0);
    await settled(ours, () => slugs(ours).length > 0);
    await stack.database.query("delete from agents where slug = 'theirs'");
    await settled(theirs, () => slugs(theirs).length === 0);
    expect(slugs(ours)).toEqual(['ours']);
  });

  it('goes offline with its rows when the API stops, and catches up when it is back', async () => {
    await stack.database.addAgent('before', null);
    const query = agentsOf(await signIn());
    query.subscribe(() => undefined);
    await settled(query, isLive);
    await stack.stopApi();
    try {
      await settled(query, () => query.getSnapshot().status === 'offline');
      expect(slugs(query)).toEqual(['before']);
      expect(query.getSnapshot().error?.code).toBe('unreachable');
      const asOf = query.getSnapshot().asOf;
      await stack.database.query("update agents set name = 'Changed' where slug = 'before'");
      await stack.database.addAgent('missed', null);
      await delay(300);
      expect(query.getSnapshot().asOf).toBe(asOf);
    } finally {
      await stack.startApi();
    }
    await settled(query, () => isLive(query) && slugs(query).length === 2);
    expect(slugs(query)).toEqual(['before', 'missed']);
    expect(query.getSnapshot().error).toBeNull();
  });

  it('counts its age from the first read that fails, also while its channel is joined', async () => {
    const client = await signIn();
    let failsSince: number | null = null;
    const query = createLiveQuery<Agent>({
      client: client.supabase,
      bindings: [{ table: 'agents' }],
      read: () =>
        failsSince === null
          ? Promise.resolve([])
          : Promise.reject(new HqError('unreachable', 'HQ does not answer.')),
      parse: () => null,
      key: (row) => row.id,
      compare: () => 0,
      version: () => 0,
      timing: { pollMs: 200, longestRetryMs: 100, notifyMs: 5, resyncMs: 3_600_000 },
    });
    open.push(query);
    query.subscribe(() => undefined);
    await settled(query, isLive);
    await delay(200);
    failsSince = Date.now();
    query.refresh();
    await settled(query, () => query.getSnapshot().status === 'offline');
    const { asOf } = query.getSnapshot();
    expect(asOf).toBeGreaterThanOrEqual(failsSince);
    await delay(400);
    expect(query.getSnapshot()).toMatchObject({ status: 'offline', asOf });
  });

  it('polls while events do not arrive', async () => {
    const client = await signIn();
    const polling = agentsOf({
      ...client,
      supabase: Object.assign(Object.create(client.supabase), {
        realtime: { setAuth: () => Promise.reject(new Error('Realtime is refused')) },
      }),
    });
    polling.subscribe(() => undefined);
    await settled(polling, () => polling.getSnapshot().status === 'polling');
    await stack.database.addAgent('polled', null);
    await settled(polling, () => slugs(polling).includes('polled'));
    expect(polling.getSnapshot().status).toBe('polling');
  });

  it('distrusts a joined channel that stays silent until its next event', async () => {
    const query = agentsOf(await signIn(), { resyncMs: 200, readShare: 1, proofMs: 200 });
    query.subscribe(() => undefined);
    await settled(query, isLive);
    await stack.database.addAgent('quiet', null);
    await settled(query, () => slugs(query).includes('quiet'));
    // A change without triggers causes no event.
    await until(
      () => stack.database.behindTheGuard("update public.agents set name = name || '.', updated_at = now()"),
      () => query.getSnapshot().status === 'polling',
    );
    await until(
      () => stack.database.query("update agents set name = name || '!'"),
      () => isLive(query) && query.getSnapshot().rows[0]?.name.endsWith('!') === true,
    );
  });

  it('holds the rows of the table after a burst of changes', async () => {
    const query = agentsOf(await signIn(), byEventsOnly);
    let calls = 0;
    query.subscribe(() => {
      calls += 1;
    });
    await settled(query, isLive);
    await stack.database.query(
      "insert into agents (slug, name, status) select 'storm-' || lpad(n::text, 4, '0'), 'Storm', 'ready' from generate_series(1, 300) n",
    );
    for (let round = 0; round < 10; round += 1) {
      await stack.database.query('update agents set name = $1 where slug like $2', [
        `Round ${round}`,
        'storm-%',
      ]);
    }
    await stack.database.query("delete from agents where slug > 'storm-0200'");
    await settled(
      query,
      () => slugs(query).length === 200 && query.getSnapshot().rows.every((row) => row.name === 'Round 9'),
    );
    expect(calls).toBeLessThan(1_000);
  });

  it('fills a full window again when one of its rows is deleted', async () => {
    await stack.database.query(
      "insert into agents (slug, name, status) select 'many-' || lpad(n::text, 4, '0'), 'Many', 'ready' from generate_series(1, 30) n",
    );
    const query = agentsOf(await signIn(), byEventsOnly, 10);
    query.subscribe(() => undefined);
    await settled(query, isLive);
    expect(slugs(query)).toHaveLength(10);
    await stack.database.addAgent('aaa', null);
    await settled(query, () => slugs(query)[0] === 'aaa');
    expect(slugs(query)).toHaveLength(10);
    await stack.database.query("delete from agents where slug = 'aaa'");
    await settled(query, () => slugs(query).at(-1) === 'many-0010');
  });

  it('reads more rows than one answer holds', async () => {
    await stack.database.behindTheGuard(
      "insert into public.agents (slug, name, status) select 'page-' || lpad(n::text, 5, '0'), 'Page', 'ready' from generate_series(1, 2345) n",
    );
    const query = agentsOf(await signIn());
    query.subscribe(() => undefined);
    await settled(query, () => slugs(query).length === 2345);
  });

  it('says whether older rows were left out, and reads them on demand without losing its trust', async () => {
    await stack.database.query(
      "insert into agents (slug, name, status) select 'older-' || n, 'Older', 'ready' from generate_series(1, 5) n",
    );
    const query = agentsOf(await signIn(), { resyncMs: 200, readShare: 1, proofMs: 200 }, 3);
    const statuses = new Set<string>();
    query.subscribe(() => statuses.add(query.getSnapshot().status));
    await settled(query, isLive);
    expect(query.getSnapshot()).toMatchObject({ rows: { length: 3 }, hasOlder: true });
    statuses.clear();
    query.readOlder();
    await settled(query, () => query.getSnapshot().rows.length > 3);
    query.readOlder();
    query.readOlder();
    await settled(query, () => !query.getSnapshot().hasOlder);
    await delay(1_000);
    expect([...statuses]).toEqual(['live']);
  });

  it('stops after its last listener has left, and starts again with the next', async () => {
    const query = agentsOf(await signIn(), { lingerMs: 10 });
    const leave = query.subscribe(() => undefined);
    await settled(query, isLive);
    leave();
    await delay(50);
    await stack.database.addAgent('while-away', null);
    await delay(100);
    expect(slugs(query)).toEqual([]);
    query.subscribe(() => undefined);
    await settled(query, () => isLive(query) && slugs(query).includes('while-away'));
  });
});

describe('a live query with a short-lived token', () => {
  it('stays live over the renewal of its token', async () => {
    const expirySeconds = 2;
    const brief = await startTestStack({ jwtExpirySeconds: expirySeconds });
    try {
      const member = await brief.createMember('viewer');
      const client = connect({ url: brief.url, anonKey: brief.anonKey });
      await client.signIn(member.email, member.password);
      const query = agentsOf(client, { resyncMs: 300 });
      query.subscribe(() => undefined);
      await settled(query, isLive);
      // From here on the token of the join is expired.
      await delay(expirySeconds * 1_000 + 100);
      await brief.database.addAgent('after-renewal', null);
      await settled(query, () => isLive(query) && slugs(query).includes('after-renewal'));
      query.close();
      await client.close();
    } finally {
      await brief.close();
    }
  });
});
