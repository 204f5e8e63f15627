import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { withStartLock } from '../db/testing/start-lock.ts';
import type { TestGateway } from '../gateway/testing/openclaw-gateway.ts';
import { type HqProcess, startHqProcess } from '../local/testing/hq-process.ts';
import { makeManifest } from '../tui/src/openclaw-home/manifest.ts';
import { call } from '../tui/testing/call.ts';
import { editConfig, homeSecrets, startOwnOpenClaw } from './openclaw-home.ts';
import { importOnce, stoppedAtEachStep, unimportOnce } from './stopped-import.ts';

/** Tests the import of a real OpenClaw's home into the HQ that `npm start` runs. */
const limitMs = 300_000;
let directory: string;
let own: TestGateway;
let hq: HqProcess;
let client: SupabaseClient;
const printed: string[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hq-import-'));
  // One after the other: on a busy machine two starts of OpenClaw at once take minutes.
  own = await startOwnOpenClaw();
  await withStartLock(async () => {
    const args = ['--no-tui', '--data', join(directory, 'data'), '--port', '0'];
    hq = startHqProcess(args, { env: { HOME: directory, HQ_FIRST_AGENT: '1' } });
    const stack = await hq.ready;
    client = createClient(stack.url, stack.anonKey, {
      auth: { persistSession: false, autoRefreshToken: false },
    });
    const { error } = await client.auth.signInWithPassword(stack);
    if (error) throw error;
    const firstIsReady = async () =>
      expect(await agents()).toMatchObject([{ slug: 'first', status: 'ready' }]);
    await vi.waitFor(firstIsReady, { timeout: limitMs, interval: 500 });
  });
}, 5 * limitMs);
afterAll(async () => {
  await client?.removeAllChannels();
  await hq?.stop();
  await own?.close();
  rmSync(directory, { recursive: true, force: true });
}, 120_000);

const environment = () => ({
  HOME: directory,
  HQ_RUN_FILE: join(directory, 'data', 'run.json'),
  XDG_STATE_HOME: join(directory, 'state'),
});
async function hqTui(...args: string[]) {
  const result = await call(args, { env: environment() });
  printed.push(result.stdout, result.stderr);
  return result;
}
const agents = async () => {
  const { data } = await client
    .from('agents')
    .select('slug, name, status, thinking, model, meta')
    .order('slug');
  return data ?? [];
};
const proof = () => makeManifest([own.stateDir]);
const gatewayState = (...path: string[]) => join(directory, 'data', 'gateway', '.openclaw', ...path);

test('a home is imported with agents, bot, key and jobs, works, and is taken back', {
  timeout: 5 * limitMs,
}, async () => {
  const running = await hqTui('gateways', 'import', own.stateDir, '--dry-run', '--json');
  expect(JSON.parse(running.stdout)).toMatchObject({ plan: { running: true, toImport: 2 } });
  await own.stop();
  editConfig(own.stateDir);
  const before = await proof();

  const planned = await hqTui('gateways', 'import', own.stateDir, '--dry-run');
  expect(planned.code).toBe(0);
  expect(planned.stdout).toContain('main → maya: is imported (HQ does not allow the slug main)');
  expect(planned.stdout).toContain('channel   telegram scouts; 1 person may write');
  expect(planned.stdout).toContain(
    'first: is not imported: the slug first is taken: give another with --as first=NEW',
  );
  expect(planned.stdout).toContain('scout: morning, 0 7 * * * in Europe/Paris');
  expect(planned.stdout).toContain('left out  "outside": it is a link that leads out');
  expect(await proof()).toEqual(before);

  const unasked = await hqTui('gateways', 'import', own.stateDir);
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  const done = await hqTui('gateways', 'import', own.stateDir, '--yes', '--cron');
  expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('scout is ready') });
  expect(done.stdout).toContain('The home is byte-equal to before the import');
  expect(await agents()).toMatchObject([
    { slug: 'first', status: 'ready' },
    { slug: 'maya', name: 'Maya', status: 'ready', model: 'rehearsal/script' },
    { slug: 'scout', status: 'ready', thinking: 'high', meta: { channel: 'telegram', allow_from: ['555'] } },
  ]);
  expect(await proof()).toEqual(before);

  const { data: routines } = await client
    .from('agent_routines')
    .select('name, schedule, time_zone, paused_at');
  expect(routines).toEqual([
    { name: 'morning (scout)', schedule: '0 7 * * *', time_zone: 'Europe/Paris', paused_at: null },
  ]);
  const workspace = gatewayState('workspace-hq', 'maya');
  expect(readFileSync(join(workspace, 'SOUL.md'), 'utf8')).toBe('Maya is calm.\n');
  expect(readFileSync(join(workspace, 'inside.md'), 'utf8')).toBe('Maya is calm.\n');
  expect(readdirSync(join(workspace, 'memory')).sort()).toEqual(['2026-11-30.md', 'two\nlines.md']);
  expect(readdirSync(workspace)).not.toContain('outside');
  const config = readFileSync(gatewayState('openclaw.json'), 'utf8');
  expect(config).toContain(homeSecrets.botToken);

  const woken = await hqTui(
    'run',
    'wake_agent',
    '--agent',
    'maya',
    '--set',
    'message=Hello',
    '--wait',
    '--json',
  );
  expect(JSON.parse(woken.stdout)).toMatchObject({
    command: { status: 'done', result: { text: expect.stringContaining('rehearsal') } },
  });

  const again = await hqTui('gateways', 'import', own.stateDir, '--yes');
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('scout: is imported already') });

  await hqTui('run', 'set_agent_model', '--agent', 'scout', '--set', 'thinking=low', '--wait');
  const refused = await hqTui('gateways', 'unimport', own.stateDir, '--yes');
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('scout: its model is another') });
  const undone = await hqTui('gateways', 'unimport', own.stateDir, '--yes', '--changed');
  expect(undone).toMatchObject({ code: 0, stdout: expect.stringContaining('byte-equal') });
  expect(undone.stdout).toContain('its files are on branch archive/hq/maya-');
  expect((await agents()).map(({ slug }) => slug)).toEqual(['first']);
  const { data: secrets } = await client.from('secrets').select('key');
  expect(secrets).toEqual([]);
  expect(readFileSync(gatewayState('openclaw.json'), 'utf8')).not.toContain(homeSecrets.botToken);
  expect(await proof()).toEqual(before);
  const gone = await hqTui('gateways', 'unimport', own.stateDir, '--yes');
  expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining('was not imported') });
  for (const text of printed)
    for (const value of Object.values(homeSecrets)) expect(text).not.toContain(value);
});

test('an import that is stopped at any step is completed by the next one, and its way back too', {
  timeout: 5 * limitMs,
}, async () => {
  const before = await proof();
  const steps = await stoppedAtEachStep((onStep) => importOnce(environment(), own.stateDir, onStep));
  expect(steps).toEqual([
    expect.stringMatching(/^maya: sending \d files/),
    'maya: adding it to HQ',
    'maya: it is in HQ',
    expect.stringMatching(/^scout: sending \d files?/),
    'scout: adding it to HQ',
    'scout: it is in HQ',
    'scout: storing TELEGRAM_BOT_TOKEN',
    'scout: storing ANTHROPIC_API_KEY',
    'maya: waiting until it is ready',
    'scout: waiting until it is ready',
    'scout: adopting the job morning',
  ]);
  expect((await agents()).map(({ slug, status }) => `${slug} ${status}`)).toEqual([
    'first ready',
    'maya ready',
    'scout ready',
  ]);
  expect(readFileSync(gatewayState('workspace-hq', 'maya', 'SOUL.md'), 'utf8')).toBe('Maya is calm.\n');
  expect(readdirSync(gatewayState('hq', 'imports'))).toEqual([]);
  await stoppedAtEachStep((onStep) => unimportOnce(environment(), own.stateDir, onStep));
  expect((await agents()).map(({ slug }) => slug)).toEqual(['first']);
  expect(await proof()).toEqual(before);
});
