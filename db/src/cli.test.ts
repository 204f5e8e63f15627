import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../testing/database.ts';

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
