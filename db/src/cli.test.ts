import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../testing/database.ts';
import { openOlderHq } from '../testing/older-hq.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase('fresh');
});
afterAll(() => database.drop());

function hqDb(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'cli.ts'), ...args], {
      env: { PATH: process.env.PATH ?? '', ...env },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

test('migrate, status and verify report the state of a database', async () => {
  const env = { DATABASE_URL: database.url };
  expect((await hqDb(['migrate', '--dry-run'], env)).out).toContain('would apply foundation/tables');
  expect((await hqDb(['verify'], env)).code).toBe(1);
  expect((await hqDb(['migrate'], env)).out).toMatch(/applying foundation\/tables\n.*applied: \d+\n$/s);
  expect(await hqDb(['migrate', '--database-url', database.url])).toMatchObject({
    code: 0,
    out: 'up to date\n',
  });
  expect((await hqDb(['status'], env)).out).toMatch(/^foundation\/tables {2}\d{4}-/);
  expect(await hqDb(['verify'], env)).toMatchObject({ code: 0, out: 'as it should be\n', err: '' });
});

test('member makes the first admin, changes them and takes them out', async () => {
  const member = (email: string, role: string) =>
    hqDb(['member', email, role, '--database-url', database.url]);
  await database.query(`insert into auth.users (id, email) values (gen_random_uuid(), 'First@example.test')`);
  const roles = () => database.query(`select role from tenant_members`);
  expect(await member('first@example.test', 'admin')).toMatchObject({ code: 0, err: '' });
  expect(await roles()).toEqual([{ role: 'admin' }]);
  await member('first@example.test', 'viewer');
  expect(await roles()).toEqual([{ role: 'viewer' }]);
  await member('first@example.test', 'none');
  expect(await roles()).toEqual([]);
  expect((await member('nobody@example.test', 'admin')).err).toContain('no account has the address');
  expect((await member('first@example.test', 'king')).code).not.toBe(0);
  expect(
    await database.query(`select action, summary, actor_type from audit_log order by created_at`),
  ).toEqual([
    { action: 'member.added', summary: 'First@example.test added as admin', actor_type: 'system' },
    { action: 'member.changed', summary: 'First@example.test made viewer, was admin', actor_type: 'system' },
    { action: 'member.removed', summary: 'First@example.test removed, was viewer', actor_type: 'system' },
  ]);
});

test('member makes a viewer the chat bot, and no one else', async () => {
  const member = (...args: readonly string[]) =>
    hqDb(['member', 'bot@example.test', ...args, '--database-url', database.url]);
  await database.query(`insert into auth.users (id, email) values (gen_random_uuid(), 'bot@example.test')`);
  const bots = () => database.query(`select 1 from chat_bots`);
  expect(await member('admin', '--bot')).toMatchObject({
    code: 2,
    err: expect.stringContaining('a bot is a viewer'),
  });
  expect(await bots()).toEqual([]);
  expect((await member('viewer', '--bot')).out).toBe('bot@example.test is viewer and chat bot of default\n');
  expect(await bots()).toHaveLength(1);
  await member('viewer');
  expect(await bots()).toHaveLength(1);
  await member('viewer', '--no-bot');
  expect(await bots()).toEqual([]);
  await member('viewer', '--bot');
  await member('none');
  expect(await bots()).toEqual([]);
});

test('an older HQ is checked, adopted, told who became admin, and taken out again', async () => {
  const older = await openOlderHq();
  try {
    const check = await hqDb(['adopt', '--check', older.url]);
    expect(check).toMatchObject({ code: 0, err: '' });
    expect(check.out).toMatch(
      /^hq-db migrate changes this:\n- owner@example\.test becomes admin of default\.\n/,
    );
    expect(check.out).toMatch(
      /Nothing was changed: this was read in a transaction that can write nothing\.\n$/,
    );
    expect((await hqDb(['adopt', older.url])).err).toContain('--check');
    const env = { DATABASE_URL: older.url };
    expect((await hqDb(['migrate'], env)).out).toContain('\nowner@example.test is admin of default\n');
    expect(await hqDb(['adopt', '--check'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('has been adopted'),
    });
    expect(await hqDb(['unadopt'], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining('hq-db unadopt --lose tenant_members'),
    });
    expect((await hqDb(['unadopt', '--lose', 'tenant_members'], env)).out).toMatch(
      /^HQ is out of this database\.\n/,
    );
    expect((await hqDb(['adopt', '--check'], env)).out).toBe(check.out);
    await older.behindTheGuard('alter table contacts owner to supabase_admin');
    expect(await hqDb(['adopt', '--check'], env)).toMatchObject({
      code: 1,
      out: expect.stringContaining('in the way: The table contacts belongs to supabase_admin'),
    });
  } finally {
    await older.drop();
  }
}, 120_000);

test('ends quietly when its reader has seen enough', async () => {
  const command = `"${process.execPath}" "${join(import.meta.dirname, 'cli.ts')}" status | head -n 1`;
  const { stdout, stderr } = spawnSync('sh', ['-c', command], {
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: database.url },
    encoding: 'utf8',
  });
  expect({ lines: stdout.split('\n').length, stderr }).toEqual({ lines: 2, stderr: '' });
});

test('without a database it says how to name one, and ends with 2', async () => {
  const { code, err } = await hqDb(['status']);
  expect(code).toBe(2);
  expect(err).toContain('Give --database-url or set DATABASE_URL.');
});

test('never shows the password', async () => {
  const { code, out, err } = await hqDb(['migrate', '--database-url', 'postgres://u:hunter2@127.0.0.1:1/x']);
  expect(code).toBe(1);
  expect(out + err).not.toContain('hunter2');
});
