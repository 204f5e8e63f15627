import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { type HqProcess, startHqProcess } from '../../local/testing/hq-process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });
/** Half of a lease: a runner that hears nothing for longer loses its commands. */
const longestAnswerMs = 45_000;

let home: string;
let hq: HqProcess;
let url: string;
let anonKey: string;
let admin: SupabaseClient;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-hostile-'));
  hq = startHqProcess(['--no-tui', '--data', join(home, 'data')]);
  const stack = await hq.ready;
  ({ url, anonKey } = stack);
  admin = createClient(url, anonKey, { auth: { persistSession: false, autoRefreshToken: false } });
  const { error } = await admin.auth.signInWithPassword(stack);
  if (error) throw error;
});
afterAll(async () => {
  await hq?.stop();
  await rm(home, { recursive: true, force: true });
});

/** Sends a command to the runner, and returns the milliseconds until its result is there. */
async function ping(): Promise<number> {
  const beganAt = performance.now();
  const { data } = await admin.rpc('enqueue_command', { p_action: 'ping', p_origin: 'api' }).throwOnError();
  await eventually(async () => {
    const { data: row } = await admin
      .from('agent_commands')
      .select('status')
      .eq('id', data.command.id)
      .single();
    expect(row?.status).toBe('done');
  });
  return performance.now() - beganAt;
}

async function statusOf(path: string, init: RequestInit = {}): Promise<number> {
  const headers = { apikey: anonKey, 'content-type': 'application/json' };
  // The connection may be closed before all of a body has been sent.
  return fetch(`${url}${path}`, { ...init, headers }).then(
    ({ status }) => status,
    () => 413,
  );
}

describe('whoever has the anon key alone', () => {
  it('cannot keep the runner from its work by large bodies', async () => {
    await ping();
    const body = Buffer.from(`[${'{"action":"ping"},'.repeat(400_000)}{"action":"ping"}]`);
    const attack = Array.from({ length: 16 }, () =>
      statusOf('/rest/v1/agent_commands', { method: 'POST', body }),
    );
    expect(await ping()).toBeLessThan(longestAnswerMs);
    expect(new Set(await Promise.all(attack))).toEqual(new Set([413]));
  });

  it('cannot keep the runner from its work by long addresses', async () => {
    const attack = ['select=', 'order='].flatMap((name) =>
      Array.from({ length: 8 }, () => statusOf(`/rest/v1/gateways?${name}${'id,'.repeat(60_000)}id`)),
    );
    expect(await ping()).toBeLessThan(longestAnswerMs);
    expect(new Set(await Promise.all(attack))).toEqual(new Set([414]));
  });
});
