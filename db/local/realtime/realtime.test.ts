import { randomUUID } from 'node:crypto';
import type { RealtimePostgresChangesPayload, SupabaseClient } from '@supabase/supabase-js';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StackMember, startTestStack, type TestStack } from '../../testing/stack.ts';

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
  binding: { event?: 'INSERT' | 'UPDATE' | 'DELETE' | '*'; table: string; filter?: string },
  expected: 'ok' | 'error' = 'ok',
): Promise<Ears> {
  const ears: Ears = { changes: [], statuses: [], systems: [] };
  listening.push(client);
  client
    .channel(`test:${randomUUID()}`)
    .on(
      'postgres_changes',
      { event: '*', schema: 'public', ...binding } as { event: '*'; schema: string; table: string },
      (change: Change) => ears.changes.push(change),
    )
    .on('system', {}, (message) => ears.systems.push(message))
    .subscribe((status) => ears.statuses.push(status));
  await vi.waitFor(() => expect(ears.systems.at(-1)?.status).toBe(expected), { timeout: 5_000, interval: 2 });
  return ears;
}

/** A change that everyone hears who hears anything: what has not come before it does not come. */
async function nothingBefore(ears: Ears, table: 'gateways' = 'gateways'): Promise<void> {
  const label = randomUUID();
  await stack.database.query(`update public.${table} set label = $1 where id = $2`, [label, ours.gateway]);
  await vi.waitFor(() => expect(ears.changes.at(-1)?.new).toMatchObject({ label }), { interval: 2 });
  ears.changes.pop();
}

describe('a member who listens', () => {
  it('hears of an insert, an update and a delete of its own tenant', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    const id = await stack.database.addGateway('heard', ours.tenant);
    await vi.waitFor(() => expect(ears.changes).toHaveLength(1));
    expect(ears.changes[0]).toMatchObject({
      eventType: 'INSERT',
      table: 'gateways',
      schema: 'public',
      errors: null,
      new: { id, slug: 'heard', tenant_id: ours.tenant, meta: {}, last_seen_at: null },
    });
    await stack.database.query(`update public.gateways set label = 'changed' where id = $1`, [id]);
    await vi.waitFor(() => expect(ears.changes).toHaveLength(2));
    expect(ears.changes[1]).toMatchObject({
      eventType: 'UPDATE',
      new: { id, label: 'changed' },
      old: { id },
    });
    await stack.database.query('delete from public.gateways where id = $1', [id]);
    await vi.waitFor(() => expect(ears.changes).toHaveLength(3));
    expect(ears.changes[2]).toMatchObject({ eventType: 'DELETE', old: { id } });
    expect(Object.keys(ears.changes[2]?.old ?? {})).toEqual(['id']);
  });

  it('hears nothing of another tenant, not even that a row was deleted', async () => {
    const ears = await listen(await stack.clientOf(ours.viewer), { table: 'gateways' });
    const id = await stack.database.addGateway('secret', theirs.tenant);
    await stack.database.query(`update public.gateways set label = 'x' where id = $1`, [id]);
    await stack.database.query('delete from public.gateways where id = $1', [id]);
    await nothingBefore(ears);
    expect(ears.changes).toEqual([]);
  });
});
