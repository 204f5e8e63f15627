import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { type HqProcess, startHqProcess } from '../../local/testing/hq-process.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });
const longestAnswerMs = 15_000;

let home: string;
let hq: HqProcess;
let url: string;
let anonKey: string;
let admin: SupabaseClient;
let service: SupabaseClient;
let token: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-filters-'));
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

/** Opens a socket that joins 100 channels with 100 filters each. A pattern is `length` characters that almost match. */
async function hostileSocket(length: number): Promise<WebSocket> {
  const socket = new WebSocket(
    `${url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${anonKey}&vsn=2.0.0`,
  );
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  for (let channel = 0; channel < 100; channel += 1) {
    const filters = Array.from({ length: 100 }, (_, at) => {
      const pattern = `%${'a'.repeat(length)}${channel}-${at}%`;
      return { event: '*', schema: 'public', table: 'agents', filter: `description=like.${pattern}` };
    });
    const payload = { access_token: token, config: { postgres_changes: filters } };
    socket.send(JSON.stringify(['1', '1', `realtime:${channel}`, 'phx_join', payload]));
  }
  return socket;
}

describe('one member with hostile filters', () => {
  it.each([
    ['longer than', 2_000],
    ['as long as', 90],
  ])('%s a pattern may be cannot keep the API from others', async (_how, length) => {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => hostileSocket(length)));
    // Long enough for the joins to be answered.
    await sleep(5_000);
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
    expect(performance.now() - beganAt).toBeLessThan(longestAnswerMs);
    for (const socket of sockets) socket.close();
  });
});
