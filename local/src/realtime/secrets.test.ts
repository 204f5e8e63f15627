import { seal, serviceRoleKey } from '@hq/shared/secrets';
import { REALTIME_LISTEN_TYPES, type SupabaseClient } from '@supabase/supabase-js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { type StackMember, startTestStack, type TestStack } from '../../testing/stack.ts';

// Every test waits for conditions, so a busy machine only makes it slower.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const sealed = (value: string) => seal(value, serviceRoleKey('a-key-of-these-tests'));

let stack: TestStack;
let gateway: string;
let foreignGateway: string;
let viewer: StackMember;
let operator: StackMember;

beforeAll(async () => {
  stack = await startTestStack();
  gateway = await stack.database.addGateway('main');
  foreignGateway = (await stack.database.addTenant('other')).gateway;
  viewer = await stack.createMember('viewer');
  operator = await stack.createMember('operator');
});
afterAll(() => stack?.close());

/** Everything that arrives at this client's socket about secrets, word for word. */
async function listen(
  client: SupabaseClient,
  filter?: string,
): Promise<{ raw: string[]; refused: () => boolean }> {
  const raw: string[] = [];
  const systems: string[] = [];
  client
    .channel(`test:${crypto.randomUUID()}`)
    .on(
      REALTIME_LISTEN_TYPES.POSTGRES_CHANGES,
      // The library has an overload for each event and none for all of them.
      { event: '*' as '*', schema: 'public', table: 'secrets', ...(filter && { filter }) },
      (change) => raw.push(JSON.stringify(change)),
    )
    .on('system', {}, ({ status }: { status: string }) => systems.push(status))
    .subscribe();
  await eventually(() => expect(systems.length).toBeGreaterThan(0));
  return { raw, refused: () => systems.at(-1) === 'error' };
}

describe('secrets by Realtime', () => {
  it('are delivered without ciphertext, to a member, to the service role, and in notifications', async () => {
    const notified: string[] = [];
    const tap = new pg.Client({ connectionString: stack.database.url });
    await tap.connect();
    tap.on('notification', ({ payload }) => notified.push(payload ?? ''));
    await tap.query('listen hq_realtime');
    const ears = await Promise.all(
      [viewer, 'service' as const].map(async (who) => listen(await stack.clientOf(who))),
    );

    const client = await stack.clientOf(operator);
    const set = async (value: string, note: string) => {
      const { data, error } = await client.rpc('set_secret', {
        p_key: 'A_KEY',
        p_value: sealed(value),
        p_gateway: 'main',
        p_note: note,
      });
      expect(error).toBeNull();
      return data;
    };
    const received = (count: number) =>
      eventually(() => expect(ears.map(({ raw }) => raw.length)).toEqual([count, count]));
    const { secret } = await set('one', 'small');
    await received(1);
    await set('x'.repeat(60_000), 'a large value');
    await received(2);
    await set('two', 'small again');
    // A row that does not fit into a notification is read again by its key.
    await client
      .from('secrets')
      .update({ note: '\u0001'.repeat(2_000) })
      .eq('id', secret.id);
    await received(4);
    await client.rpc('delete_secret', { p_secret_id: secret.id });
    await received(5);

    for (const { raw } of ears) {
      expect(raw[0]).toContain('"key":"A_KEY"');
      expect(raw[1]).toContain('"revision":2');
      expect(raw.join()).not.toMatch(/enc:v1|encrypted_value/);
    }
    const announced = () => notified.filter((text) => text.includes('"t":"secrets"'));
    await eventually(() => expect(announced()).toHaveLength(5));
    expect(notified.filter((text) => text.includes('"o":"U"') && text.includes('"keys"'))).toHaveLength(1);
    expect(notified.join()).not.toMatch(/enc:v1|encrypted_value/);
    await tap.end();
  });

  it('cannot be filtered by the ciphertext', async () => {
    const { refused } = await listen(await stack.clientOf('service'), 'encrypted_value=eq.x');
    expect(refused()).toBe(true);
  });
});

describe('secrets by REST', () => {
  it('have every column but the ciphertext', async () => {
    const client = await stack.clientOf(operator);
    const row = { gateway_id: gateway, key: 'OVER_REST', encrypted_value: sealed('one') };
    expect((await client.from('secrets').insert(row)).error).toBeNull();
    const { data } = await client.from('secrets').select('key,sync_status').eq('key', 'OVER_REST');
    expect(data).toEqual([{ key: 'OVER_REST', sync_status: 'pending' }]);
    for (const columns of ['encrypted_value', '*', 'key,encrypted_value']) {
      const refused = await client.from('secrets').select(columns);
      expect([columns, refused.error?.code, refused.data]).toEqual([columns, '42501', null]);
    }
    const sorted = await client.from('secrets').select('key').order('encrypted_value');
    expect(sorted.error?.code).toBe('42501');
    const probed = await client.from('secrets').select('key').like('encrypted_value', 'enc:v1:%');
    expect(probed.error?.code).toBe('42501');
    const service = await stack.clientOf('service');
    expect((await service.from('secrets').select('encrypted_value')).data).toHaveLength(1);
  });

  it('cannot be written by a viewer, nor for another tenant’s gateway by anyone', async () => {
    const seen = await stack.clientOf(viewer);
    const row = { gateway_id: gateway, key: 'FORBIDDEN', encrypted_value: sealed('one') };
    expect((await seen.from('secrets').insert(row)).error?.code).toBe('42501');
    await seen.from('secrets').update({ note: 'changed' }).eq('key', 'OVER_REST');
    await seen.from('secrets').delete().eq('key', 'OVER_REST');
    expect((await seen.from('secrets').select('key,note')).data).toEqual([{ key: 'OVER_REST', note: null }]);

    const client = await stack.clientOf(operator);
    const foreign = await client.from('secrets').insert({ ...row, gateway_id: foreignGateway });
    expect(foreign.error?.message).toContain('there is no such gateway');
    const moved = await client.from('secrets').update({ gateway_id: foreignGateway }).eq('key', 'OVER_REST');
    expect(moved.error?.code).toBe('42501');
  });

  it('have a snapshot that only the runner may read', async () => {
    const snapshot = (client: SupabaseClient) => client.rpc('secrets_snapshot', { p_gateway_id: gateway });
    const service = await stack.clientOf('service');
    expect((await snapshot(service)).data).toMatchObject({
      version: expect.any(Number),
      secrets: [{ key: 'OVER_REST', encrypted_value: expect.stringMatching(/^enc:v1:/) }],
    });
    expect((await snapshot(await stack.clientOf(operator))).error?.code).toBe('42501');
  });
});
