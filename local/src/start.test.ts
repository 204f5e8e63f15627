import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { type HqProcess, isRunning, startHqProcess } from '../testing/hq-process.ts';
import { postgresAccount } from './postgres/postgres.ts';
import type { RunningStack } from './run-file.ts';

// Every test waits for conditions, so a busy machine only makes it slower.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const isRoot = process.getuid?.() === 0;
const started: HqProcess[] = [];
let home: string;
let data: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-start-'));
  data = join(home, 'data');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((hq) => hq.stop()));
  await rm(home, { recursive: true, force: true });
});

function start(args: readonly string[], options: Parameters<typeof startHqProcess>[1] = {}): HqProcess {
  const hq = startHqProcess(args, options);
  started.push(hq);
  return hq;
}

async function signedIn(stack: RunningStack): Promise<SupabaseClient> {
  const client = createClient(stack.url, stack.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { error } = await client.auth.signInWithPassword(stack);
  if (error) throw error;
  return client;
}

/** Returns the process that stops this database after the starter. */
async function watcherOf(hq: HqProcess, database: number): Promise<number> {
  for (const pid of hq.descendants()) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(`hq-postgres-watcher\0${database}\0`)) return pid;
  }
  throw new Error('nothing watches the database');
}

async function postgresPid(): Promise<number> {
  return Number((await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

describe('npm start', () => {
  it('lists its flags', async () => {
    const hq = start(['--help']);
    expect((await hq.exited).code).toBe(0);
    expect(hq.stdout()).toContain('--database-url');
  });

  it.each([
    [['--no-such-flag'], /--no-such-flag/],
    [['--port', 'http'], /--port http/],
    [['--port', '70000'], /--port 70000/],
    [['--database-url', 'mysql://u:secret-word@h/d'], /--database-url/],
    [['surprise'], /surprise/],
  ])('refuses %j as a usage error', async (args, sentence) => {
    const hq = start([...args, '--data', data]);
    expect((await hq.exited).code).toBe(2);
    expect(hq.stderr()).toMatch(sentence);
    expect(hq.stderr()).not.toContain('secret-word');
    expect(hq.stdout()).toBe('');
  });

  it('refuses a directory with other content', async () => {
    await mkdir(data);
    await writeFile(join(data, 'thesis.txt'), 'years of work');
    const hq = start(['--no-tui', '--data', data]);
    expect((await hq.exited).code).toBe(2);
    expect((await stat(data)).mode & 0o777).not.toBe(0o700);
  });

  it('prints one JSON line when an admin can sign in, and leaves nothing behind when stopped', async () => {
    const hq = start(['--no-tui', '--data', data]);
    const stack = await hq.ready;
    expect(Object.keys(stack).sort()).toEqual(
      [
        ...['anonKey', 'botEmail', 'botPassword', 'email', 'gatewayHome', 'jwtSecret', 'password', 'pid'],
        ...['serviceRoleKey', 'url'],
      ].sort(),
    );
    expect(stack).toMatchObject({ pid: hq.child.pid, gatewayHome: join(data, 'gateway') });
    const client = await signedIn(stack);
    expect((await client.rpc('whoami')).data).toMatchObject({
      email: stack.email,
      role: 'admin',
      tenant_name: 'Default',
    });
    const bot = await signedIn({ ...stack, email: stack.botEmail, password: stack.botPassword });
    expect((await bot.rpc('whoami')).data).toMatchObject({ role: 'viewer' });
    const person = { platform: 'slack', install: 'T1', user: 'U1' };
    const chat = { ...person, channel: 'D1', kind: 'direct', delivery: '1' };
    expect((await bot.rpc('chat_whoami', { p_chat: chat })).data).toMatchObject({ linked: false });
    const { data: gateways } = await client.from('gateways').select('slug, label');
    expect(gateways).toEqual([{ slug: 'default', label: 'This machine' }]);

    for (const [name, mode] of [
      ['', 0o700],
      ['keys.json', 0o600],
      ['run.json', 0o600],
      ['postgres', 0o700],
      ['gateway', 0o700],
    ] as const) {
      expect((await stat(join(data, name))).mode & 0o777).toBe(mode);
    }
    const processes = hq.descendants();
    expect(processes).toContain(await postgresPid());
    hq.child.kill('SIGTERM');
    expect(await hq.exited).toEqual({ code: 0, signal: null });
    expect(hq.stdout().split('\n')).toHaveLength(2);
    expect(processes.filter(isRunning)).toEqual([]);
    await expect(stat(join(data, 'run.json'))).rejects.toThrow('ENOENT');
  });

  it('creates different keys for every installation, and keeps them', async () => {
    const [first, other] = await Promise.all([
      start(['--no-tui', '--data', data]).ready,
      start(['--no-tui', '--data', join(home, 'other')]).ready,
    ]);
    for (const key of ['anonKey', 'serviceRoleKey', 'jwtSecret', 'password', 'botPassword'] as const) {
      expect(first[key]).not.toBe(other[key]);
    }
    await Promise.all(started.splice(0).map((hq) => hq.stop()));
    const again = await start(['--no-tui', '--data', data]).ready;
    expect({ ...again, url: '', pid: 0 }).toEqual({ ...first, url: '', pid: 0 });
  });

  it('ends with 130 after Ctrl-C and 129 after a hang-up', async () => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGHUP', 129],
    ] as const) {
      const hq = start(['--no-tui', '--data', data]);
      await hq.ready;
      hq.child.kill(signal);
      expect(await hq.exited).toEqual({ code, signal: null });
    }
  });

  it('stops at a signal during its start, and leaves nothing behind', async () => {
    const hq = start(['--no-tui', '--data', data]);
    await eventually(() => expect(hq.stderr()).toContain('Starting the database'));
    await eventually(() => expect(hq.descendants()).not.toEqual([]));
    const processes = new Set(hq.descendants());
    hq.child.kill('SIGTERM');
    const watch = setInterval(() => {
      for (const pid of hq.descendants()) processes.add(pid);
    }, 20);
    expect(await hq.exited).toEqual({ code: 0, signal: null });
    clearInterval(watch);
    expect(hq.stdout()).toBe('');
    expect([...processes].filter(isRunning)).toEqual([]);
  });

  it('keeps serving when the reader of its output exits', async () => {
    const hq = start(['--no-tui', '--data', data]);
    const stack = await hq.ready;
    hq.child.stdout?.destroy();
    hq.child.stderr?.destroy();
    const before = await postgresPid();
    // Makes it write a message.
    process.kill(before, 'SIGKILL');
    await eventually(async () => {
      expect(await postgresPid()).not.toBe(before);
      await signedIn(stack);
    });
  });

  it('serves on the given port, or reports that it is in use', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const refused = start(['--no-tui', '--data', data, '--port', String(port)]);
    expect((await refused.exited).code).toBe(1);
    expect(refused.stderr()).toContain(`Port ${port} is in use`);
    expect(refused.descendants().filter(isRunning)).toEqual([]);
    await new Promise((resolve) => taken.close(resolve));
    const stack = await start(['--no-tui', '--data', data, '--port', String(port)]).ready;
    expect(stack.url).toBe(`http://127.0.0.1:${port}`);
  });

  it('starts again at its last port, and at another one while that is taken', async () => {
    const first = start(['--no-tui', '--data', data]);
    const { url } = await first.ready;
    await first.stop();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(Number(new URL(url).port), '127.0.0.1', resolve));
    const second = start(['--no-tui', '--data', data]);
    expect((await second.ready).url).not.toBe(url);
    await second.stop();
    await new Promise((resolve) => taken.close(resolve));
    const third = start(['--no-tui', '--data', data]);
    const { url: kept } = await third.ready;
    await third.stop();
    expect((await start(['--no-tui', '--data', data]).ready).url).toBe(kept);
  });
});

describe('a second start on the same directory', () => {
  it('names the running process, and does not disturb it', async () => {
    const first = start(['--no-tui', '--data', data]);
    const stack = await first.ready;
    const second = start(['--no-tui', '--data', data]);
    expect((await second.exited).code).toBe(1);
    expect(second.stderr()).toContain(`as process ${first.child.pid}`);
    expect((await (await signedIn(stack)).rpc('whoami')).error).toBeNull();
  });

  it('at the same moment is refused', async () => {
    const both = [start(['--no-tui', '--data', data]), start(['--no-tui', '--data', data])];
    const outcomes = await Promise.all(
      both.map((hq) =>
        hq.ready.then(
          () => 'ready',
          () => 'refused',
        ),
      ),
    );
    expect(outcomes.sort()).toEqual(['ready', 'refused']);
  });

  it('without a terminal, prints the fleet of the running HQ', async () => {
    const first = start(['--no-tui', '--data', data]);
    await first.ready;
    const second = start(['--data', data]);
    expect((await second.exited).code).toBe(0);
    expect(second.stdout()).toContain('default');
  });
});

describe('without a terminal', () => {
  it('prints the fleet and how to attach, without a secret, and keeps serving', async () => {
    const hq = start(['--data', data]);
    await eventually(() => expect(hq.stdout()).toContain('npm start -- --data'));
    const stack: RunningStack = JSON.parse(await readFile(join(data, 'run.json'), 'utf8'));
    expect(hq.stdout()).toContain(`SUPABASE_URL=${stack.url}`);
    for (const secret of [stack.password, stack.serviceRoleKey, stack.jwtSecret]) {
      expect(hq.stdout()).not.toContain(secret);
      expect(hq.stderr()).not.toContain(secret);
    }
    expect((await (await signedIn(stack)).rpc('whoami')).error).toBeNull();
  });
});

describe('after a kill', () => {
  it('of Postgres, it is restarted, the API answers 503 meanwhile, and every row is kept', async () => {
    const stack = await start(['--no-tui', '--data', data]).ready;
    const client = await signedIn(stack);
    await client.realtime.setAuth();
    const received: unknown[] = [];
    let joins = 0;
    client
      .channel('survives')
      .on('postgres_changes', { event: 'INSERT', schema: 'public', table: 'agents' }, ({ new: row }) =>
        received.push(row.slug),
      )
      .on('system', {}, ({ status }) => {
        if (status === 'ok') joins += 1;
      })
      .subscribe();
    await eventually(() => expect(joins).toBe(1));
    const service = createClient(stack.url, stack.serviceRoleKey, { auth: { persistSession: false } });
    expect((await service.from('agents').insert({ slug: 'before', name: 'before' })).error).toBeNull();

    const before = await postgresPid();
    // Prevents a restart until the directory is renamed back.
    await rename(join(data, 'postgres'), join(data, 'away'));
    process.kill(before, 'SIGKILL');
    const ask = () => fetch(`${stack.url}/rest/v1/agents`, { headers: { apikey: stack.serviceRoleKey } });
    await eventually(async () => expect((await ask()).status).toBe(503));
    expect((await ask()).headers.get('retry-after')).toBe('1');
    await rename(join(data, 'away'), join(data, 'postgres'));
    await eventually(async () => expect((await ask()).status).toBe(200));
    expect(await postgresPid()).not.toBe(before);
    expect((await service.from('agents').select('slug')).data).toEqual([{ slug: 'before' }]);
    await eventually(() => expect(joins).toBeGreaterThan(1));
    await service.from('agents').insert({ slug: 'after', name: 'after' });
    await eventually(() => expect(received).toContain('after'));
    await client.removeAllChannels();
  });

  it('of npm start, no process is left, and the next start has its rows', async () => {
    const hq = start(['--no-tui', '--data', data]);
    const stack = await hq.ready;
    const service = createClient(stack.url, stack.serviceRoleKey, { auth: { persistSession: false } });
    expect((await service.from('agents').insert({ slug: 'kept', name: 'kept' })).error).toBeNull();
    const children = hq.descendants();
    hq.child.kill('SIGKILL');
    await hq.exited;
    await eventually(() => expect(children.filter(isRunning)).toEqual([]));

    const next = await start(['--no-tui', '--data', data]).ready;
    expect((await (await signedIn(next)).from('agents').select('slug')).data).toEqual([{ slug: 'kept' }]);
  });

  it('of npm start and of what watches it leaves a database that the next start takes over', async () => {
    const hq = start(['--no-tui', '--data', data]);
    await hq.ready;
    const orphan = await postgresPid();
    process.kill(await watcherOf(hq, orphan), 'SIGKILL');
    hq.child.kill('SIGKILL');
    await hq.exited;
    expect(isRunning(orphan)).toBe(true);
    await start(['--no-tui', '--data', data]).ready;
    expect(isRunning(orphan)).toBe(false);
  });
});

describe.runIf(isRoot)('as an ordinary user', () => {
  it('runs Postgres as that user', async () => {
    const account = await postgresAccount();
    if (!account) throw new Error('root has an account for Postgres');
    const { uid, gid } = account;
    await chown(home, uid, gid);
    const hq = start(['--no-tui', '--data', data], { uid, gid });
    const stack = await hq.ready;
    expect((await (await signedIn(stack)).rpc('whoami')).error).toBeNull();
    for (const name of ['', 'keys.json', 'postgres']) expect((await stat(join(data, name))).uid).toBe(uid);
    expect(hq.stderr()).not.toContain('refuses to run as root');
  });
});

describe.runIf(isRoot)('as root', () => {
  it('runs Postgres under another account, which cannot read the keys, and reports it', async () => {
    const hq = start(['--no-tui', '--data', data]);
    await hq.ready;
    const account = await postgresAccount();
    expect(hq.stderr()).toContain(`runs under the account ${account?.name}`);
    const status = await readFile(`/proc/${await postgresPid()}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\s+${account?.uid}\\s`, 'm'));
    expect((await stat(join(data, 'postgres'))).uid).toBe(account?.uid);
    for (const name of ['', 'keys.json', 'gateway']) expect((await stat(join(data, name))).uid).toBe(0);
  });
});

describe('--database-url', () => {
  it('migrates and uses that Postgres, and starts no other', async () => {
    const name = `hq_${randomBytes(6).toString('hex')}`;
    const url = inject('testPostgres').superuser.replace('%database%', name);
    const admin = new pg.Client({
      connectionString: inject('testPostgres').superuser.replace('%database%', 'postgres'),
    });
    await admin.connect();
    await admin.query(`create database ${name}`);
    try {
      const hq = start(['--no-tui', '--data', data, '--database-url', url]);
      const stack = await hq.ready;
      expect((await (await signedIn(stack)).rpc('whoami')).data).toMatchObject({ role: 'admin' });
      await expect(stat(join(data, 'postgres'))).rejects.toThrow('ENOENT');
      await hq.stop();

      await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
      const again = await start(['--no-tui', '--data', data, '--database-url', url]).ready;
      const { data: gateways } = await (await signedIn(again)).from('gateways').select('slug');
      expect(gateways).toEqual([{ slug: 'default' }]);
    } finally {
      await Promise.all(started.splice(0).map((hq) => hq.stop()));
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    }
  });

  it('reports when nothing answers, without the password', async () => {
    const hq = start([
      '--no-tui',
      '--data',
      data,
      '--database-url',
      'postgres://hq:secret-word@127.0.0.1:1/hq',
    ]);
    expect((await hq.exited).code).toBe(1);
    expect(hq.stderr()).toMatch(/cannot connect to/);
    expect(hq.stderr()).not.toContain('secret-word');
  });
});
