import type { SupabaseClient } from '@supabase/supabase-js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../testing/stack.ts';

let stack: TestStack;
/** Each request for `held` waits as long as this client keeps the lock. */
let holder: pg.Client;
const members: SupabaseClient[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  await stack.database.query(`
    create function public.held() returns boolean language sql as 'select pg_advisory_xact_lock_shared(7) is not null';
    create function public.who() returns text language sql as 'select current_user::text';
    notify pgrst, 'reload schema';
  `);
  const service = await stack.clientOf('service');
  await eventually(async () => expect((await service.rpc('who')).data).toBe('service_role'));
  while (members.length < 4) members.push(await stack.clientOf(await stack.createMember('viewer')));
});
afterAll(() => stack?.close());

beforeEach(async () => {
  holder = new pg.Client({ connectionString: stack.database.url });
  await holder.connect();
  await holder.query('select pg_advisory_lock(7)');
});
afterEach(() => holder.end());

const held = () =>
  stack.database
    .behindTheGuard(
      `select from pg_locks join pg_database d on d.oid = database
       where locktype = 'advisory' and objid = 7 and not granted and datname = current_database()`,
    )
    .then((rows) => rows.length);
const who = async (client: SupabaseClient | undefined) => (await client?.rpc('who'))?.data;

describe('slow requests', () => {
  it('of one member block neither another member nor the runner, and are all answered', async () => {
    const [slow, other] = members;
    const service = await stack.clientOf('service');
    const asked = Array.from({ length: 14 }, async () => (await slow?.rpc('held'))?.status);
    await eventually(async () => expect(await held()).toBe(4));
    expect(await Promise.all([who(other), who(service)])).toEqual(['authenticated', 'service_role']);
    expect(await held()).toBe(4);
    await holder.query('select pg_advisory_unlock(7)');
    expect(new Set(await Promise.all(asked))).toEqual(new Set([200]));
  });

  it('of many members leave the runner its connections', async () => {
    const asked = members.flatMap((client) => Array.from({ length: 4 }, async () => client.rpc('held')));
    await eventually(async () => expect(await held()).toBe(9));
    expect(await who(await stack.clientOf('service'))).toBe('service_role');
    await holder.query('select pg_advisory_unlock(7)');
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('of a member time out after eight seconds, those of the runner do not', async () => {
    const [slow] = members;
    const service = await stack.clientOf('service');
    const ofRunner = service.rpc('held').then(({ data }) => data);
    expect((await slow?.rpc('held'))?.error?.message).toMatch(/statement timeout/);
    expect(await held()).toBe(1);
    await holder.query('select pg_advisory_unlock(7)');
    expect(await ofRunner).toBe(true);
  });
});
