/**
 * Draws the README's two pictures from a real run: starts a local HQ in a folder of its own, opens hq-tui in a terminal
 * and restarts the gateway. Run it with `node scripts/with-node.mjs scripts/screenshot.ts`; it takes about a minute.
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
  await addSampleRows(local.url, local.serviceRoleKey);
  await drawFleet(local);
  await recordRestart(local);
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

/** docs/hq-restart.svg: an operator restarts a gateway, from the key to the healthy gateway. */
async function recordRestart(local: z.infer<typeof ready>): Promise<void> {
  const [columns, rows] = [100, 23];
  const session = await openTui(local, columns, rows);
  try {
    const recording = new Recording(session);
    const show = async (caption: string): Promise<void> => {
      recording.caption(caption);
      await delay(1500);
    };
    await show('The fleet, live. R restarts the selected gateway.');
    session.press('R');
    await session.waitFor('▸ Cancel');
    await show('It interrupts work, so HQ asks first. Tab and Enter confirm.');
    session.press('\t');
    await delay(700);
    session.press('\r');
    await session.waitFor('◐ running', 60_000);
    recording.caption('The runner on the host restarts it, and its output streams in. (Shortened here.)');
    await delay(1000);
    const from = recording.frames.length;
    await session.waitFor('● done', 240_000);
    const to = recording.frames.length;
    await show('Done. Everyone who watches sees the same.');
    const still = recording.frames.length - 1;
    session.press('1');
    await session.waitFor(/default .*healthy/, 180_000);
    await show('Healthy again. 1 leads back to the fleet.');
    const frames = await recording.stop();
    const title = 'HQ in a terminal: an operator restarts a gateway and watches it become healthy';
    const size = { columns, rows: rows + 2 };
    const animation = svgAnimation(frames, {
      title,
      ...size,
      still,
      shortened: { from, to, ms: 6000 },
      longestMs: 1500,
      endMs: 3000,
    });
    await writeFile(join(docs, 'hq-restart.svg'), animation);
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

/** Adds three agents to the gateway, and a second gateway that was last seen seven minutes ago. */
async function addSampleRows(url: string, serviceRoleKey: string): Promise<void> {
  const service = createClient(url, serviceRoleKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data: gateways, error } = await service.from('gateways').select('id').limit(1);
  if (error) throw error;
  const gateway: unknown = gateways[0]?.id;
  const agents = await service
    .from('agents')
    .insert(
      ['ada', 'bob', 'chen'].map((slug) => ({ slug, name: slug, gateway_id: gateway, status: 'ready' })),
    );
  if (agents.error) throw agents.error;
  const second = await service.from('gateways').insert({
    slug: 'tokyo',
    label: 'Backup site',
    last_seen_at: new Date(Date.now() - 420_000).toISOString(),
  });
  if (second.error) throw second.error;
}
