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
let token: string;
let admin: SupabaseClient;
let service: SupabaseClient;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-hostile-'));
  hq = startHqProcess(['--no-tui', '--data', join(home, 'data')]);
  const stack = await hq.ready;
  ({ url, anonKey } = stack);
  admin = createClient(url, anonKey, { auth: { persistSession: false, autoRefreshToken: false } });
  service = createClient(url, stack.serviceRoleKey, { auth: { persistSession: false } });
  const { data, error } = await admin.auth.signInWithPassword(stack);
  if (error) throw error;
  token = data.session.access_token;
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

describe('whoever has the anon key alone', () => {
  async function statusOf(path: string, init: RequestInit = {}): Promise<number> {
    const headers = { apikey: anonKey, 'content-type': 'application/json' };
    // The connection may be closed before all of a body has been sent.
    return fetch(`${url}${path}`, { ...init, headers }).then(
      ({ status }) => status,
      () => 413,
    );
  }

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

describe('a member with hostile filters', () => {
  /** Opens a socket that joins 100 channels with 100 filters each, and waits for the answers, or until it is closed. */
  async function hostileSocket(length: number): Promise<WebSocket> {
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${anonKey}&vsn=2.0.0`,
    );
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    let answers = 0;
    socket.addEventListener('message', ({ data }) => {
      if (String(data).includes('phx_reply')) answers += 1;
    });
    for (let channel = 0; channel < 100; channel += 1) {
      // A pattern that almost matches costs the most.
      const filters = Array.from({ length: 100 }, (_, at) => {
        const pattern = `%${'a'.repeat(length)}${channel}-${at}%`;
        return { event: '*', schema: 'public', table: 'agents', filter: `description=like.${pattern}` };
      });
      const payload = { access_token: token, config: { postgres_changes: filters } };
      socket.send(JSON.stringify(['1', '1', `realtime:${channel}`, 'phx_join', payload]));
    }
    await eventually(() => expect(answers === 100 || socket.readyState > WebSocket.OPEN).toBe(true));
    return socket;
  }

  it.each([
    ['longer than', 2_000],
    ['as long as', 90],
  ])('%s a pattern may be cannot keep the runner from its work', async (_how, length) => {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => hostileSocket(length)));
    const { data: gateway } = await service.from('gateways').select('id').single().throwOnError();
    for (let at = 0; at < 5; at += 1) {
      await service
        .from('agents')
        .insert({
          slug: `hostile-${length}-${at}`,
          name: 'Hostile',
          gateway_id: gateway.id,
          description: 'a'.repeat(7_000),
        })
        .throwOnError();
    }
    expect(await ping()).toBeLessThan(15_000);
    for (const socket of sockets) socket.close();
  });
});
