import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { withStartLock } from '../db/testing/start-lock.ts';
import { type HqProcess, startHqProcess } from '../local/testing/hq-process.ts';
import { bundled } from '../tui/testing/bundled.ts';
import { approveFirstResult } from '../tui/testing/first-result.ts';
import { ScreenSession } from '../tui/testing/screen-session.ts';

/** Tests what `npm start` brings: the real gateway with one agent, which answers by a script where there is no key. */
const limitMs = 240_000;
let home: string;
let hq: HqProcess;
let client: SupabaseClient;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'hq-first-'));
  await withStartLock(async () => {
    const args = ['--no-tui', '--data', join(home, 'data'), '--port', '0'];
    hq = startHqProcess(args, { env: { HOME: home, HQ_FIRST_AGENT: '1' } });
    const stack = await hq.ready;
    client = createClient(stack.url, stack.anonKey, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
    const { error } = await client.auth.signInWithPassword(stack);
    if (error) throw error;
    await until(async () =>
      expect(await rows('agents', 'slug, status, openclaw_id')).toEqual([
        { slug: 'first', status: 'ready', openclaw_id: 'hq-first' },
      ]),
    );
  });
}, 3 * limitMs);
afterAll(async () => {
  await client?.removeAllChannels();
  await hq?.stop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

/** Waits as long as OpenClaw may take to start on a machine that is busy with other things. */
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: limitMs, interval: 200 });
const rows = async (table: string, columns: string) => {
  const { data, error } = await client.from(table).select(columns);
  if (error) throw error;
  return data;
};

test('the first agent is ready by itself, and does a turn with HQ’s tools when an operator says so', {
  timeout: 3 * limitMs,
}, async () => {
  expect(hq.stderr()).toContain('This is a rehearsal');
  const { data } = await client.rpc('enqueue_command', {
    p_action: 'wake_agent',
    p_agent: 'first',
    p_payload: { message: 'What is in my inbox?' },
  });
  const ofTurn = async () => {
    const { data: found } = await client
      .from('agent_commands')
      .select('status, result, error_message')
      .eq('id', data.command.id)
      .single();
    return found;
  };
  await until(async () => expect((await ofTurn())?.status).toMatch(/done|failed/));
  expect(await ofTurn()).toMatchObject({
    status: 'done',
    result: {
      text: expect.stringContaining('rehearsal'),
      tools: ['hq_inbox'],
      run: `hq:${data.command.id}:1`,
    },
  });
  // Usage comes from the plugin, with the credential of the agent.
  await until(async () =>
    expect(await rows('agent_usage', 'run_id, provider')).toContainEqual({
      run_id: `hq:${data.command.id}:1`,
      provider: 'rehearsal',
    }),
  );
});

test('it does a task that it is given, without being told to', { timeout: 2 * limitMs }, async () => {
  const { data } = await client.rpc('enqueue_command', {
    p_action: 'create_task',
    p_payload: { title: 'Write the minutes', agent: 'first' },
  });
  expect(data.command.status).toBe('done');
  await until(async () =>
    expect(await rows('agent_inbox_items', 'event_type, status, attempt_count')).toContainEqual({
      event_type: 'task_assignment',
      status: 'done',
      attempt_count: 1,
    }),
  );
  expect(await rows('comments', 'actor_type, body')).toContainEqual({
    actor_type: 'agent',
    body: expect.stringContaining('This is a rehearsal'),
  });
  // Its result waits for a review, and the review is read by the agent.
  const { data: needs } = await client.rpc('needs_you');
  expect(needs).toMatchObject([{ kind: 'deliverable' }]);
  await client.rpc('enqueue_command', {
    p_action: 'approve_deliverable',
    p_payload: { deliverable: needs[0].id },
  });
  await until(async () =>
    expect(await rows('agent_inbox_items', 'event_type, status')).toContainEqual({
      event_type: 'deliverable_review',
      status: 'done',
    }),
  );
  expect(await rows('entity_links', 'review_status')).toEqual([{ review_status: 'approved' }]);
});

test('a person gives it a task and approves the result with five keys', {
  timeout: 2 * limitMs,
}, async () => {
  const { url, anonKey, email, password } = await hq.ready;
  const program = await bundled('tui/src/main.ts');
  const session = new ScreenSession(process.execPath, [program.file], {
    ...{ columns: 80, rows: 24 },
    env: {
      ...{ SUPABASE_URL: url, SUPABASE_ANON_KEY: anonKey, HQ_EMAIL: email, HQ_PASSWORD: password },
      ...{ HOME: home, NO_COLOR: '1' },
    },
  });
  try {
    expect(await approveFirstResult(session, limitMs)).toEqual({ keys: 5 });
    const reviews = await rows('entity_links', 'review_status');
    expect(reviews).toEqual([{ review_status: 'approved' }, { review_status: 'approved' }]);
  } finally {
    await session.close();
    await program.remove();
  }
});
