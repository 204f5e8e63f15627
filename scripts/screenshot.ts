/**
 * Draws the README's two pictures from a real run: starts a local HQ in a folder of its own, opens hq-tui in a terminal,
 * gives the first agent a task, and restarts the gateway. Run it with `node scripts/with-node.mjs scripts/screenshot.ts`;
 * it takes about two minutes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { ScreenSession } from '../tui/testing/screen-session.ts';
import { ensureBuilt } from './build.ts';
import { Recording } from './picture/recording.ts';
import { svgAnimation } from './picture/svg-animation.ts';
import { svgPicture } from './picture/svg-picture.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const docs = join(root, 'docs');
const ready = z.object({
  url: z.string(),
  anonKey: z.string(),
  serviceRoleKey: z.string(),
  email: z.string(),
  password: z.string(),
});

await ensureBuilt('hq-tui', 'hq-runner', 'hq-gateway');
const data = await mkdtemp(join(tmpdir(), 'hq-picture-'));
const hq = spawn(process.execPath, [join(root, 'local/src/start.ts'), '--no-tui', '--data', data], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line] = await once(createInterface({ input: hq.stdout }), 'line');
  const local = ready.parse(JSON.parse(String(line)));
  await recordFirstResult(local);
  await addSilentGateway(local.url, local.serviceRoleKey);
  await drawFleet(local);
} finally {
  hq.kill('SIGTERM');
  await once(hq, 'exit');
  await rm(data, { recursive: true, force: true });
}

/** Opens hq-tui on the local HQ in a terminal of its own, and waits until its gateway is healthy. */
async function openTui(local: z.infer<typeof ready>, columns: number, rows: number): Promise<ScreenSession> {
  const session = new ScreenSession(process.execPath, [join(root, 'tui/dist/hq-tui.js')], {
    columns,
    rows,
    background: '1515/1717/1c1c',
    env: {
      SUPABASE_URL: local.url,
      SUPABASE_ANON_KEY: local.anonKey,
      HQ_EMAIL: local.email,
      HQ_PASSWORD: local.password,
    },
  });
  await session.waitFor('LIVE');
  await session.waitFor(/default .*healthy/, 180_000);
  return session;
}

/** docs/hq-tui.svg: the fleet while a gateway restarts. */
async function drawFleet(local: z.infer<typeof ready>): Promise<void> {
  const session = await openTui(local, 120, 27);
  try {
    await run(session, 'ping', 'answered by');
    await run(session, 'stack_status', '● done');
    await run(session, 'tail_logs lines=20', '● done');
    await run(session, 'tail_logs service=browser', '✕ failed');
    session.press('1R');
    await session.waitFor('▸ Cancel');
    session.press('\t\r');
    await session.waitFor('◐ running');
    session.press('1');
    await session.waitFor(/restart_gateway [3-9]s/, 60_000);
    await session.settled();
    const picture = svgPicture(session.terminal, 'HQ in a terminal: the fleet while a gateway restarts');
    await writeFile(join(docs, 'hq-tui.svg'), picture);
    await session.waitFor(/restart_gateway .*done/, 240_000);
  } finally {
    await session.close();
  }
}

/** docs/hq-first-result.svg: an operator gives an agent a task, sees it work, and approves its result. */
async function recordFirstResult(local: z.infer<typeof ready>): Promise<void> {
  const [columns, rows] = [100, 23];
  const session = await openTui(local, columns, rows);
  try {
    session.press('2');
    await session.waitFor(/first .*idle/, 240_000);
    session.press('1');
    await session.waitFor('[1 Fleet]');
    const recording = new Recording(session);
    const show = async (caption: string, ms = 1500): Promise<void> => {
      recording.caption(caption);
      await delay(ms);
    };
    await show('A gateway and its agents, live. T gives an agent a task.');
    session.press('T');
    await session.waitFor('A task for');
    for (const letter of 'Write the minutes') {
      session.press(letter);
      await delay(40);
    }
    await delay(700);
    session.press('\r');
    await session.waitFor('has the task', 60_000);
    recording.caption('The agent wakes by itself. 2 and Enter show what it does now.');
    session.press('2');
    await session.waitFor('[2 Agents]');
    session.press('\r');
    const from = recording.frames.length;
    await session.waitFor('8 Needs 1', 240_000);
    const to = recording.frames.length;
    await show('Its result waits for a person: the last tab counts it, w opens it.', 2500);
    session.press('w');
    await session.waitFor(/review +\S+ +first/);
    await show('Enter shows what may be decided.');
    session.press('\r');
    await session.waitFor('1 Approve');
    await show('1 approves. The agent reads that, and the cost is recorded.');
    session.press('1');
    await session.waitFor('Nothing waits for you.', 60_000);
    await show('Approved. Everyone who watches sees the same.', 2000);
    const frames = await recording.stop();
    const still = frames.findLastIndex(({ rows }) => /working[\s\S]*hq_/.test(rows.join('')));
    const title =
      'HQ in a terminal: an operator gives an agent a task, sees it work, and approves its result';
    const size = { columns, rows: rows + 2 };
    const animation = svgAnimation(frames, {
      title,
      ...size,
      still,
      shortened: { from, to, ms: 8000 },
      longestMs: 1500,
      endMs: 3000,
    });
    await writeFile(join(docs, 'hq-first-result.svg'), animation);
  } finally {
    await session.close();
  }
}

/** Runs one action from the palette and returns to the fleet. */
async function run(session: ScreenSession, action: string, outcome: string): Promise<void> {
  session.press(`1:${action}`);
  await session.waitFor(`: ${action}`);
  session.press('\r');
  await session.waitFor(outcome, 60_000);
  session.press('1');
  await session.waitFor('[1 Fleet]');
}

/** Adds a second gateway that was last seen seven minutes ago. */
async function addSilentGateway(url: string, serviceRoleKey: string): Promise<void> {
  const service = createClient(url, serviceRoleKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { error } = await service.from('gateways').insert({
    slug: 'tokyo',
    label: 'Backup site',
    last_seen_at: new Date(Date.now() - 420_000).toISOString(),
  });
  if (error) throw error;
}
