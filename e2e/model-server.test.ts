import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { withStartLock } from '../db/testing/start-lock.ts';
import { type ScriptedModel, startScriptedModel } from '../gateway/testing/scripted-model.ts';
import { type HqProcess, startHqProcess } from '../local/testing/hq-process.ts';

/** Tests `npm start` with a server of the operator's that speaks OpenAI's protocol. */
const limitMs = 240_000;
const key = 'sk-of-a-model-server';
let home: string;
let model: ScriptedModel;
let hq: HqProcess | undefined;
let client: SupabaseClient | undefined;

const start = (env: NodeJS.ProcessEnv) => {
  const args = ['--no-tui', '--data', join(home, 'data'), '--port', '0'];
  return startHqProcess(args, {
    env: { HOME: home, HQ_FIRST_AGENT: '1', OPENAI_BASE_URL: model.url, OPENAI_MODEL: 'one', ...env },
  });
};

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'hq-model-'));
  model = await startScriptedModel({ key });
});
afterAll(async () => {
  await client?.removeAllChannels();
  await hq?.stop();
  model.close();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test('a wrong key ends the start with the variable at fault', { timeout: limitMs }, async () => {
  const wrong = start({ OPENAI_API_KEY: 'sk-of-another-server' });
  await expect(wrong.ready).rejects.toThrow(/OPENAI_API_KEY holds a key that .* refuses/);
  expect((await wrong.exited).code).toBe(1);
  expect(wrong.stderr()).not.toContain('sk-of-another-server');
});

test('the first agent does a turn through the server, with its key', { timeout: 3 * limitMs }, async () => {
  const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: limitMs, interval: 300 });
  const member = await withStartLock(async () => {
    const running = start({ OPENAI_API_KEY: key });
    hq = running;
    const stack = await running.ready;
    expect(running.stderr()).toContain(`Agents use the model one of ${model.url}`);
    const signedIn = createClient(stack.url, stack.anonKey, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
    client = signedIn;
    await signedIn.auth.signInWithPassword(stack);
    await until(async () => {
      const { data } = await signedIn.from('agents').select('status');
      expect(data).toEqual([{ status: 'ready' }]);
    });
    return signedIn;
  });
  const turn = async (text: string) => {
    model.play({ text });
    const { data } = await member.rpc('enqueue_command', {
      p_action: 'wake_agent',
      p_agent: 'first',
      p_payload: { message: 'Who answers?' },
    });
    let ended: { status: string; result: unknown; error_message: unknown } | null = null;
    await until(async () => {
      const columns = 'status, result, error_message';
      const read = await member.from('agent_commands').select(columns).eq('id', data.command.id).single();
      ended = read.data;
      expect(ended?.status).toMatch(/done|failed/);
    });
    return ended;
  };
  expect(await turn('The server of the operator.')).toMatchObject({
    status: 'done',
    result: { text: 'The server of the operator.', tokens: expect.any(Number) },
  });
});
