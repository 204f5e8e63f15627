import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { isRunning, startHqProcess } from '../testing/hq-process.ts';

let home: string;
let data: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-start-'));
  data = join(home, 'data');
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function postgresPid(): Promise<number> {
  return Number((await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

it('stops within a minute while Postgres hangs, and leaves nothing behind', async () => {
  const hq = startHqProcess(['--no-tui', '--data', data]);
  await hq.ready;
  const processes = hq.descendants();
  const postgres = await postgresPid();
  for (const pid of processes) if (pid === postgres) process.kill(pid, 'SIGSTOP');
  const started = Date.now();
  hq.child.kill('SIGTERM');
  expect(await hq.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - started).toBeLessThan(60_000);
  await eventually(() => expect(processes.filter(isRunning)).toEqual([]));
});

it('loses no acknowledged row in twenty kills of Postgres and of npm start', async () => {
  let written = 0;
  for (let round = 0; round < 20; round += 1) {
    const hq = startHqProcess(['--no-tui', '--data', data]);
    const stack = await hq.ready;
    const client = createClient(stack.url, stack.serviceRoleKey, { auth: { persistSession: false } });
    const { data: found } = await client.from('agents').select('slug').order('slug');
    const slugs = new Set(found?.map(({ slug }) => slug));
    for (let at = 0; at < written; at += 1) expect(slugs).toContain(`row-${at}`);

    const victim = round % 2 ? await postgresPid() : (hq.child.pid ?? 0);
    const killAt = Math.random() * 400;
    const timer = setTimeout(() => process.kill(victim, 'SIGKILL'), killAt);
    const until = Date.now() + killAt + 100;
    while (Date.now() < until) {
      const { error } = await client.from('agents').insert({ slug: `row-${written}`, name: 'n' });
      // A row whose response was lost may exist: it is inserted again under the same name.
      if (error === null || error.code === '23505') written += 1;
      else await new Promise((resolve) => setTimeout(resolve, 10));
    }
    clearTimeout(timer);
    await hq.stop();
  }
  expect(written).toBeGreaterThan(20);
});
