/**
 * Takes the picture of the README from a real run: starts a local HQ in a folder of its own, puts three agents and a second
 * gateway into it, lets an operator work in a terminal, and draws what the terminal shows while the gateway restarts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { ScreenSession } from '../tui/testing/screen-session.ts';
import { svgPicture } from '../tui/testing/svg-picture.ts';
import { ensureBuilt } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const picture = join(root, 'docs/hq-tui.svg');
const ready = z.object({
  url: z.string(),
  anonKey: z.string(),
  serviceRoleKey: z.string(),
  email: z.string(),
  password: z.string(),
});

await ensureBuilt('hq-tui', 'hq-runner');
const data = await mkdtemp(join(tmpdir(), 'hq-picture-'));
const hq = spawn(process.execPath, [join(root, 'local/src/start.ts'), '--no-tui', '--data', data], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line] = await once(createInterface({ input: hq.stdout }), 'line');
  const { url, anonKey, serviceRoleKey, email, password } = ready.parse(JSON.parse(String(line)));
  await furnish(url, serviceRoleKey);

  const session = new ScreenSession(process.execPath, [join(root, 'tui/dist/hq-tui.js')], {
    columns: 120,
    rows: 32,
    background: '1515/1717/1c1c',
    env: { SUPABASE_URL: url, SUPABASE_ANON_KEY: anonKey, HQ_EMAIL: email, HQ_PASSWORD: password },
  });
  try {
    await session.waitFor('LIVE');
    await session.waitFor(/default +healthy/, 60_000);
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
    await writeFile(picture, svgPicture(session, 'HQ in a terminal: the fleet while a gateway restarts'));
  } finally {
    await session.close();
  }
} finally {
  hq.kill('SIGTERM');
  await once(hq, 'exit');
  await rm(data, { recursive: true, force: true });
}

/** Does one thing from the palette, and comes back to the fleet. */
async function run(session: ScreenSession, action: string, outcome: string): Promise<void> {
  session.press(`1:${action}`);
  await session.waitFor(`: ${action}`);
  session.press('\r');
  await session.waitFor(outcome, 60_000);
  session.press('1');
  await session.waitFor('[1 Fleet]');
}

async function furnish(url: string, serviceRoleKey: string): Promise<void> {
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
