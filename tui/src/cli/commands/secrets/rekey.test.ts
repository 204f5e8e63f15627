import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSecretsKeys, type SecretsKeys, seal, unseal } from '@hq/shared/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nilTenant } from '../../../../../db/testing/database.ts';
import { eventually } from '../../../../../db/testing/eventually.ts';
import { exchange } from '../../../../../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../../../../../local/testing/stack.ts';
import { type CallResult, call } from '../../../../testing/call.ts';
import { type SecretsHost, secretsHost } from '../../../../testing/secrets-host.ts';

let stack: TestStack;
let host: SecretsHost;
let admin: StackMember;
let home: string;
let gateway: string;
/** Environment file with the current key, a hosted one, and the former one, the service role's. */
let both: string;
const hosted = randomBytes(32).toString('hex');
const currentKey = readSecretsKeys({ HOSTED_SECRETS_KEY: hosted }).current;
let formerKey: SecretsKeys['current'];

beforeAll(async () => {
  stack = await startTestStack();
  admin = await stack.createMember('admin');
  home = await mkdtemp(join(tmpdir(), 'hq-rekey-'));
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
  host = await secretsHost(stack, gateway);
  formerKey = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey }).current;
  both = await host.write('both.env', {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    HOSTED_SECRETS_KEY: hosted,
    SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: stack.serviceRoleKey,
  });
});
beforeEach(() => stack.database.behindTheGuard('delete from secrets'));
afterAll(async () => {
  await stack.close();
  await host.remove();
  await rm(home, { recursive: true });
});

const wordOf = (number: number): string => `value ${number} of many`;
const keyOf = (number: number): string => `KEY_${String(number).padStart(5, '0')}`;

async function fill(count: number, key = formerKey): Promise<void> {
  const rows = Array.from({ length: count }, (_, number) => ({
    key: keyOf(number),
    encrypted_value: seal(wordOf(number), key),
  }));
  await stack.database.query(
    `insert into secrets (gateway_id, key, encrypted_value)
     select $1, r.key, r.encrypted_value from jsonb_to_recordset($2) r (key text, encrypted_value text)`,
    [gateway, JSON.stringify(rows)],
  );
}

/** Reads every secret with its value, and the key that encrypts it. */
async function stored(): Promise<{ key: string; value: string; under: 'current' | 'former' }[]> {
  const rows = await stack.database.query<{ key: string; encrypted_value: string }>(
    'select key, encrypted_value from secrets order by key',
  );
  return rows.map(({ key, encrypted_value }) => {
    const { plaintext, fingerprint } = unseal(encrypted_value, {
      current: currentKey,
      previous: [formerKey],
    });
    return { key, value: plaintext, under: fingerprint === currentKey.fingerprint ? 'current' : 'former' };
  });
}

function env(member = admin, envFile = both): Record<string, string> {
  return {
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_DATA_HOME: join(home, 'data'),
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.anonKey,
    HQ_EMAIL: member.email,
    HQ_PASSWORD: member.password,
    HQ_ENV_FILE: envFile,
  };
}

const rekey = (args: readonly string[], member = admin, envFile = both): Promise<CallResult> =>
  call(['secrets', 'rekey', ...args], { env: env(member, envFile) });

const report = z.object({
  total: z.number(),
  done: z.number(),
  toDo: z.number(),
  unreadable: z.number(),
  replaced: z.number(),
  unreadableSecrets: z.array(z.looseObject({ key: z.string(), gateway: z.string().nullable() })),
});
const documentOf = ({ stdout }: CallResult) => report.parse(JSON.parse(stdout));

describe('a dry run', () => {
  it('counts the secrets to encrypt, and changes nothing', async () => {
    await fill(5);
    await host.store('NEW_ONE', 'x', { HOSTED_SECRETS_KEY: hosted });
    await host.store('LOST', 'never told', { HOSTED_SECRETS_KEY: randomBytes(32).toString('hex') });
    await stack.database.behindTheGuard(
      `insert into secrets (gateway_id, key, encrypted_value) values ($1, 'IN_CLEAR', 'hunter2 in clear')`,
      [gateway],
    );
    const before = await stack.database.query('select * from secrets order by id');
    const called = await rekey(['--dry-run', '--json', '--batch', '2']);
    expect(called.code).toBe(0);
    expect(documentOf(called)).toMatchObject({ total: 8, done: 1, toDo: 5, unreadable: 2, replaced: 0 });
    expect(documentOf(called).unreadableSecrets.map(({ key, gateway: of }) => [key, of])).toEqual([
      ['IN_CLEAR', 'default'],
      ['LOST', 'default'],
    ]);
    expect(called.stderr).toContain('LOST of default');
    expect(called.stdout + called.stderr).not.toMatch(/never told|hunter2|enc:v1|value \d/);
    expect(await stack.database.query('select * from secrets order by id')).toEqual(before);
  });

  it('warns of a runner without the current key', async () => {
    await exchange(stack.database, {
      gateway,
      beat: { secrets: { keys: [formerKey.fingerprint], state: 'ok', problem: null, synced_at: null } },
    });
    expect((await rekey(['--dry-run'])).stderr).toContain(
      'The runner of default does not have the current key',
    );
    await exchange(stack.database, {
      gateway,
      beat: {
        secrets: {
          keys: [currentKey.fingerprint, formerKey.fingerprint],
          state: 'ok',
          problem: null,
          synced_at: null,
        },
      },
    });
    expect((await rekey(['--dry-run'])).stderr).not.toContain('The runner of');
  });

  it('precedes every change: without a yes nothing happens', async () => {
    await fill(3);
    const { code, stderr } = await rekey([]);
    expect(code).toBe(2);
    expect(stderr).toContain('3 to encrypt again');
    expect(stderr).toContain('--yes');
    expect((await stored()).every(({ under }) => under === 'former')).toBe(true);
  });
});

describe('rekey', () => {
  it('encrypts every value with the current key, keeps every state, and notifies every gateway and the audit log', async () => {
    await fill(25);
    const [before] = await stack.database.query<{ secrets_version: string }>(
      'select secrets_version from gateways where id = $1',
      [gateway],
    );
    const states = 'select id, revision, sync_status, value_since, updated_at from secrets order by id';
    const rows = await stack.database.query(states);
    const called = await rekey(['--yes', '--batch', '10', '--json']);
    expect(called.code).toBe(0);
    expect(documentOf(called)).toMatchObject({ total: 25, done: 25, toDo: 0, unreadable: 0, replaced: 25 });
    expect(called.stderr).toContain('_PREVIOUS');
    expect(await stored()).toEqual(
      Array.from({ length: 25 }, (_, at) => ({ key: keyOf(at), value: wordOf(at), under: 'current' })),
    );
    expect(await stack.database.query(states)).toEqual(rows);
    const [after] = await stack.database.query<{ secrets_version: string }>(
      'select secrets_version from gateways where id = $1',
      [gateway],
    );
    expect(Number(after?.secrets_version)).toBeGreaterThan(Number(before?.secrets_version));
    const log = await stack.database.query(
      `select actor_user_id, summary from audit_log where action = 'secret.rekeyed' order by created_at desc limit 1`,
    );
    expect(log).toMatchObject([{ actor_user_id: admin.id }]);
  });

  it('changes nothing the second time', async () => {
    await fill(7);
    await rekey(['--yes']);
    const once = await stack.database.query('select * from secrets order by id');
    const again = await rekey(['--yes', '--json']);
    expect(again.code).toBe(0);
    expect(documentOf(again)).toMatchObject({ done: 7, toDo: 0, replaced: 0 });
    expect(await stack.database.query('select * from secrets order by id')).toEqual(once);
  });

  it('takes the former key from a file of its own', async () => {
    await fill(3);
    const now = await host.write('now.env', {
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      HOSTED_SECRETS_KEY: hosted,
    });
    const old = await host.write('old.env', { SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey });
    expect((await rekey(['--yes', '--old-key-file', old], admin, now)).code).toBe(0);
    expect((await stored()).every(({ under }) => under === 'current')).toBe(true);
  });

  it('leaves a value that none of the keys reads, names it, and fails', async () => {
    await fill(4);
    await host.store('LOST', 'never told', { HOSTED_SECRETS_KEY: randomBytes(32).toString('hex') });
    const called = await rekey(['--yes']);
    expect(called.code).toBe(1);
    expect(called.stderr).toContain('LOST of default');
    expect(called.stderr).toContain('--old-key-file');
    expect(called.stdout + called.stderr).not.toContain('never told');
    const [lost] = await stack.database.query<{ n: number }>(
      `select count(*)::int as n from secrets where key = 'LOST'`,
    );
    expect(lost?.n).toBe(1);
  });

  it('changes nothing with a wrong former key', async () => {
    await fill(4);
    const wrong = await host.write('wrong.env', {
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      HOSTED_SECRETS_KEY: hosted,
      HOSTED_SECRETS_KEY_PREVIOUS: randomBytes(32).toString('hex'),
    });
    const { code, stderr } = await rekey(['--yes'], admin, wrong);
    expect(code).toBe(1);
    expect(stderr).toContain('4 that no key reads');
    expect((await stored()).every(({ under }) => under === 'former')).toBe(true);
  });

  it('encrypts values of 64 KiB', { timeout: 60_000 }, async () => {
    const large = '字'.repeat(21_845);
    for (let at = 0; at < 40; at++) await host.store(`LARGE_${at}`, large);
    const called = await rekey(['--yes', '--json']);
    expect(documentOf(called)).toMatchObject({ done: 40, replaced: 40 });
    expect((await stored()).every(({ value, under }) => value === large && under === 'current')).toBe(true);
  });

  it('is for admins, on the host', async () => {
    await fill(1);
    for (const role of ['viewer', 'operator'] as const) {
      const called = await rekey(['--yes'], await stack.createMember(role));
      expect(called.code).toBe(3);
      expect(called.stderr).toContain('admin');
    }
    const elsewhere = await rekey(['--yes'], admin, join(home, 'nowhere.env'));
    expect(elsewhere.code).toBe(3);
    expect((await stored()).map(({ under }) => under)).toEqual(['former']);
  });
});

describe('an interrupted rekey', () => {
  const main = fileURLToPath(new URL('../../../main.ts', import.meta.url));

  /** Starts one with small batches, and sends it a signal when so many rows have another ciphertext. */
  async function cutShort(rows: number, signal: NodeJS.Signals): Promise<number | null> {
    const before = await ciphertexts();
    const child = spawn(process.execPath, [main, 'secrets', 'rekey', '--yes', '--batch', '3'], {
      env: { PATH: process.env.PATH ?? '', ...env() },
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    await eventually(async () => {
      expect(await countChanged(before)).toBeGreaterThanOrEqual(rows);
    });
    child.kill(signal);
    return ended;
  }

  /** Cheap to read again and again: nothing is decrypted. */
  async function ciphertexts(): Promise<Set<string>> {
    const rows = await stack.database.query<{ encrypted_value: string }>(
      'select encrypted_value from secrets',
    );
    return new Set(rows.map(({ encrypted_value }) => encrypted_value));
  }

  async function countChanged(before: ReadonlySet<string>): Promise<number> {
    return [...(await ciphertexts())].filter((ciphertext) => !before.has(ciphertext)).length;
  }

  async function isWhole(count: number): Promise<void> {
    expect((await stored()).map(({ key, value }) => [key, value])).toEqual(
      Array.from({ length: count }, (_, at) => [keyOf(at), wordOf(at)]),
    );
  }

  it('stops after its batch at Ctrl-C, says how many are done, and continues in the next call', {
    timeout: 120_000,
  }, async () => {
    await fill(120);
    expect(await cutShort(9, 'SIGINT')).toBe(6);
    await isWhole(120);
    const done = (await stored()).filter(({ under }) => under === 'current').length;
    expect(done).toBeGreaterThanOrEqual(9);
    expect(done).toBeLessThan(120);
    expect(documentOf(await rekey(['--yes', '--json']))).toMatchObject({ done: 120, replaced: 120 - done });
    await isWhole(120);
  });

  it('loses no value by SIGKILL at any row', { timeout: 180_000 }, async () => {
    await fill(80);
    for (const rows of [1, 30]) {
      await cutShort(rows, 'SIGKILL');
      await isWhole(80);
    }
    expect((await rekey(['--yes'])).code).toBe(0);
    await isWhole(80);
    expect((await stored()).every(({ under }) => under === 'current')).toBe(true);
  });

  it('keeps the values that others rotate meanwhile', { timeout: 120_000 }, async () => {
    await fill(120);
    const before = await ciphertexts();
    const child = rekey(['--yes', '--batch', '5', '--json']);
    const rotated = new Map<string, string>();
    await eventually(async () => expect(await countChanged(before)).toBeGreaterThan(0));
    for (let at = 119; at >= 0; at -= 3) {
      const value = `rotated ${at}`;
      await host.store(keyOf(at), value, { HOSTED_SECRETS_KEY: hosted });
      rotated.set(keyOf(at), value);
    }
    expect((await child).code).toBe(0);
    expect(await stored()).toEqual(
      Array.from({ length: 120 }, (_, at) => ({
        key: keyOf(at),
        value: rotated.get(keyOf(at)) ?? wordOf(at),
        under: 'current',
      })),
    );
  });
});
