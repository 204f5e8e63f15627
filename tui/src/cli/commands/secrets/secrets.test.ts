import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretsKeys, serviceRoleKey } from '@hq/shared/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nilTenant } from '../../../../../db/testing/database.ts';
import { eventually } from '../../../../../db/testing/eventually.ts';
import { exchange } from '../../../../../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../../../../../local/testing/stack.ts';
import { type CallOptions, type CallResult, call } from '../../../../testing/call.ts';
import {
  everyRow,
  plantedPem,
  plantedValue,
  type SecretsHost,
  secretsHost,
} from '../../../../testing/secrets-host.ts';

let stack: TestStack;
let host: SecretsHost;
let operator: StackMember;
let viewer: StackMember;
let home: string;
let gateway: string;
let ada: string;

beforeAll(async () => {
  stack = await startTestStack();
  operator = await stack.createMember('operator', { email: 'olga@example.test' });
  viewer = await stack.createMember('viewer', { email: 'vera@example.test' });
  home = await mkdtemp(join(tmpdir(), 'hq-secrets-'));
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
  host = await secretsHost(stack, gateway);
  ada = await stack.database.addAgent('ada', gateway);
});
beforeEach(() => stack.database.behindTheGuard('delete from secrets'));
afterAll(async () => {
  await stack.close();
  await host.remove();
  await rm(home, { recursive: true });
});

function as(member: StackMember, envFile: string): Record<string, string> {
  return {
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.anonKey,
    HQ_EMAIL: member.email,
    HQ_PASSWORD: member.password,
    HQ_ENV_FILE: envFile,
  };
}

/** On the host, signed in as the operator. */
const secrets = (args: readonly string[], more: Omit<CallOptions, 'env'> = {}): Promise<CallResult> =>
  call(['secrets', ...args], { ...more, env: as(operator, host.envFile) });

const written = z.object({
  secret: z.looseObject({ id: z.string(), key: z.string(), state: z.string(), revision: z.number() }),
});
const listed = z.object({ secrets: z.array(z.looseObject({ key: z.string() })) });

async function list(...args: string[]) {
  const { stdout } = await secrets(['list', '--json', ...args]);
  return listed.parse(JSON.parse(stdout)).secrets;
}

/** Hands in what a runner would, with the key that it has. */
async function report(keys: readonly string[]): Promise<void> {
  await exchange(stack.database, {
    gateway,
    beat: { secrets: { keys, state: 'ok', problem: null, synced_at: new Date().toISOString() } },
  });
}

describe('storing a secret', () => {
  it('encrypts a value from a pipe, without the newline at its end, and shows it nowhere', async () => {
    const value = plantedValue();
    const { code, stdout, stderr } = await secrets(
      ['set', 'GITHUB_TOKEN', '--category', 'integration', '--name', 'Deploy', '--note', 'Of the build.'],
      { input: `${value}\n` },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('GITHUB_TOKEN of default stored, pending\n');
    expect(await host.valuesOf('GITHUB_TOKEN')).toEqual({ '': value });
    expect(await everyRow(stack)).not.toContain(value);
    expect((await list())[0]).toMatchObject({
      key: 'GITHUB_TOKEN',
      gateway: 'default',
      agent: null,
      category: 'integration',
      name: 'Deploy',
      note: 'Of the build.',
      state: 'pending',
      revision: 1,
    });
  });

  it.each([
    ['two newlines', 'a\n\n', [], 'a\n'],
    ['a newline that belongs to it', 'a\n', ['--keep-newline'], 'a\n'],
    ['a carriage return and a newline', 'a\r\n', [], 'a'],
    ['quotes, dollars, tabs and a byte order mark', '\ufeff a\'b"$c`d`\t字 ', [], '\ufeff a\'b"$c`d`\t字 '],
    ['64 KiB and a newline', `${'x'.repeat(65_536)}\n`, [], 'x'.repeat(65_536)],
  ])('keeps %s as it came', async (_what, input, options, value) => {
    expect((await secrets(['set', 'ODD', '-', ...options], { input })).code).toBe(0);
    expect(await host.valuesOf('ODD')).toEqual({ '': value });
  });

  it('reads a file of several lines', async () => {
    const pem = plantedPem();
    const path = join(home, 'key.pem');
    await writeFile(path, `${pem}\n`, { mode: 0o600 });
    expect((await secrets(['set', 'TLS_KEY', '--file', path])).code).toBe(0);
    expect(await host.valuesOf('TLS_KEY')).toEqual({ '': pem });
  });

  it('stores a value for one agent, which overrides that of the gateway', async () => {
    await secrets(['set', 'TOKEN'], { input: 'for all' });
    await secrets(['set', 'TOKEN', '--agent', 'ada'], { input: 'for ada' });
    expect(await host.valuesOf('TOKEN')).toEqual({ '': 'for all', ada: 'for ada' });
    const rows = await list('--agent', 'ada');
    expect(rows.map(({ agent, overrides, overriddenFor }) => ({ agent, overrides, overriddenFor }))).toEqual(
      expect.arrayContaining([
        { agent: null, overrides: false, overriddenFor: ['ada'] },
        { agent: 'ada', overrides: true, overriddenFor: [] },
      ]),
    );
    const { stdout } = await secrets(['list']);
    expect(stdout).toMatch(/TOKEN +default +pending +user .*not for ada/);
    expect(stdout).toMatch(/TOKEN +default\/ada +pending +user .*the gateway’s/);
    expect(stdout).not.toContain('enc:v1');
  });

  it('does not overwrite an existing secret; rotate does', async () => {
    await secrets(['set', 'TOKEN'], { input: 'one' });
    const again = await secrets(['set', 'TOKEN'], { input: 'two' });
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('hq-tui secrets rotate TOKEN');
    expect(await host.valuesOf('TOKEN')).toEqual({ '': 'one' });
    const { stdout } = await secrets(['rotate', 'TOKEN', '--json'], { input: 'two' });
    expect(written.parse(JSON.parse(stdout)).secret).toMatchObject({ revision: 2 });
    expect(await host.valuesOf('TOKEN')).toEqual({ '': 'two' });
    expect((await secrets(['rotate', 'OTHER'], { input: 'x' })).code).toBe(2);
  });
});

describe('a value as an argument', () => {
  it.each([
    ['behind the key', (value: string) => ['set', 'TOKEN', value]],
    ['behind an equals sign', (value: string) => ['set', `TOKEN=${value}`]],
    ['in an option of its own', (value: string) => ['set', 'TOKEN', `--value=${value}`]],
    ['in place of the key', (value: string) => ['rotate', value]],
    ['as a note', (value: string) => ['set', 'TOKEN', '--note', `sk-${value}`]],
    ['as the note of a secret', (value: string) => ['note', 'TOKEN', `sk-${value}`]],
  ])('%s is refused and not repeated', async (_where, args) => {
    const value = plantedValue();
    const { code, stdout, stderr } = await secrets(args(value), { input: 'x' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain(value);
    expect(stderr).toMatch(/argument|capitals|credential/);
    expect(await list()).toEqual([]);
  });
});

describe('what cannot be a secret', () => {
  it.each([
    ['an empty value', 'TOKEN', '', /empty/],
    ['an empty line', 'TOKEN', '\n', /empty/],
    ['a NUL', 'TOKEN', 'a\0b', /NUL/],
    ['more than 64 KiB', 'TOKEN', 'x'.repeat(65_537), /64 KiB/],
    ['far more than 64 KiB', 'TOKEN', '字'.repeat(100_000), /64 KiB/],
    ['a lower-case key', 'token', 'x', /capitals/],
    ['an empty key', '', 'x', /name/],
    ['a key of 10,000 characters', 'K'.repeat(10_000), 'x', /128/],
    ['a key that runs programs', 'LD_PRELOAD', 'x', /reserved/],
    ['a key of HQ itself', 'SUPABASE_URL', 'x', /reserved/],
  ])('is %s', async (_what, key, input, reason) => {
    const { code, stdout, stderr } = await secrets(['set', key], { input });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(reason);
    expect(stderr.length).toBeLessThan(600);
  });

  it('is text that is no UTF-8, from a file', async () => {
    const path = join(home, 'binary');
    await writeFile(path, Buffer.from([0xff, 0xfe, 0x41]));
    const { code, stderr } = await secrets(['set', 'TOKEN', '--file', path]);
    expect(code).toBe(2);
    expect(stderr).toContain('UTF-8');
  });

  it('is a file that is not there', async () => {
    const { code, stderr } = await secrets(['set', 'TOKEN', '--file', join(home, 'nowhere')]);
    expect(code).toBe(2);
    expect(stderr).toContain('there is none');
  });
});

describe('the key', () => {
  const set = (envFile: string, more: Record<string, string> = {}): Promise<CallResult> =>
    call(['secrets', 'set', 'TOKEN', '--gateway', 'default'], {
      env: { ...as(operator, envFile), ...more },
      input: 'x',
    });

  it('is not on another machine, where the error names the call for the host', async () => {
    const { HQ_ENV_FILE: _none, ...elsewhere } = as(operator, '');
    const { code, stderr } = await call(['secrets', 'set', 'TOKEN', '--gateway', 'default'], {
      env: elsewhere,
      input: 'x',
    });
    expect(code).toBe(3);
    expect(stderr).toContain('not on this machine');
    expect(stderr).toContain('hq-tui secrets set TOKEN --gateway default');
  });

  it('must not be readable by others', async () => {
    const open = await host.write('open.env', { SUPABASE_URL: stack.url, SUPABASE_SERVICE_ROLE_KEY: 'k' });
    await chmod(open, 0o640);
    const { code, stderr } = await set(open);
    expect(code).toBe(3);
    expect(stderr).toContain('chmod 600');
  });

  it('must be of this HQ', async () => {
    const other = await host.write('other.env', {
      SUPABASE_URL: 'https://other.example.org',
      SUPABASE_SERVICE_ROLE_KEY: 'k',
    });
    const { code, stderr } = await set(other);
    expect(code).toBe(3);
    expect(stderr).toContain('another HQ, at other.example.org');
  });

  it('must be one of the keys that the runner has reported', async () => {
    const { current } = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey });
    await report([serviceRoleKey('another').fingerprint]);
    const refused = await set(host.envFile);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(current.fingerprint);
    expect(await list()).toEqual([]);
    await report([serviceRoleKey('another').fingerprint, current.fingerprint]);
    expect((await set(host.envFile)).code).toBe(0);
  });

  it('may be a hosted one, in quotes', async () => {
    const key = 'ab'.repeat(32);
    const hosted = await host.write('hosted.env', {
      SUPABASE_URL: `"${stack.url}/" # ours`,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      HOSTED_SECRETS_KEY: `'${key}'`,
    });
    await report([readSecretsKeys({ HOSTED_SECRETS_KEY: key }).current.fingerprint]);
    expect(await set(hosted)).toMatchObject({ code: 0, stderr: '' });
    await report([]);
  });

  it('is reported as damaged without being repeated', async () => {
    const damaged = await host.write('damaged.env', {
      SUPABASE_URL: stack.url,
      HOSTED_SECRETS_KEY: 'deadbeef99',
    });
    const { code, stderr } = await set(damaged);
    expect(code).toBe(2);
    expect(stderr).toContain('HOSTED_SECRETS_KEY');
    expect(stderr).not.toContain('deadbeef99');
  });
});

describe('waiting', () => {
  beforeEach(() =>
    report([readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey }).current.fingerprint]),
  );

  async function settle(status: 'active' | 'error', error: string | null): Promise<void> {
    const [row] = await eventually(async () => {
      const rows = await stack.database.query<{ id: string; revision: string }>(
        'select id, revision from secrets',
      );
      expect(rows).toHaveLength(1);
      return rows;
    });
    await stack.database.query('select secrets_synced($1, $2)', [
      gateway,
      JSON.stringify([{ id: row?.id, revision: Number(row?.revision), status, error }]),
    ]);
  }

  it('ends when the runner has written the value', async () => {
    const [called] = await Promise.all([
      secrets(['set', 'TOKEN', '--wait', '--json'], { input: 'x' }),
      settle('active', null),
    ]);
    expect(called.code).toBe(0);
    expect(written.parse(JSON.parse(called.stdout)).secret.state).toBe('active');
  });

  it('fails with the reason when the runner could not', async () => {
    const [called] = await Promise.all([
      secrets(['set', 'TOKEN', '--wait'], { input: 'x' }),
      settle('error', 'The disk is full.'),
    ]);
    expect(called.code).toBe(1);
    expect(called.stderr).toContain('The disk is full.');
  });

  it('says that the value is stored when no runner writes it in time', async () => {
    const called = await secrets(['set', 'TOKEN', '--wait', '--timeout', '0.5'], { input: 'x' });
    expect(called.code).toBe(5);
    expect(called.stderr).toContain('is stored');
  });

  it('says that the gateway is offline, at once and at the end', async () => {
    await stack.database.query(`update gateways set last_seen_at = now() - interval '5 minutes'`);
    const called = await secrets(['set', 'TOKEN', '--wait', '--timeout', '3'], { input: 'x' });
    expect(called.code).toBe(5);
    expect(called.stderr).toContain('It waits: default is offline, last seen 5m ago');
    expect(called.stderr).toMatch(/after 3 s the runner has not written it\. default is offline/);
  });
});

describe('a note, and deleting', () => {
  it('writes a note and removes it', async () => {
    await secrets(['set', 'TOKEN'], { input: 'x' });
    expect((await secrets(['note', 'TOKEN', 'Ask Bob first.'])).code).toBe(0);
    expect((await list())[0]).toMatchObject({ note: 'Ask Bob first.', revision: 1 });
    await secrets(['note', 'TOKEN', '']);
    expect((await list())[0]).toMatchObject({ note: null });
  });

  it('deletes only with --yes', async () => {
    await secrets(['set', 'TOKEN'], { input: 'x' });
    const asked = await secrets(['delete', 'TOKEN']);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('--yes');
    expect(await list()).toHaveLength(1);
    expect(await secrets(['delete', 'TOKEN', '--yes'])).toMatchObject({ code: 0 });
    expect(await list()).toEqual([]);
    expect((await secrets(['delete', 'TOKEN', '--yes'])).code).toBe(2);
  });
});

describe('who may', () => {
  it('is not a viewer, who gets the reason', async () => {
    await secrets(['set', 'TOKEN'], { input: 'x' });
    for (const args of [
      ['set', 'OTHER'],
      ['rotate', 'TOKEN'],
      ['note', 'TOKEN', 'mine'],
      ['delete', 'TOKEN', '--yes'],
    ]) {
      const { code, stderr } = await call(['secrets', ...args], {
        env: as(viewer, host.envFile),
        input: 'y',
      });
      expect({ args, code }).toEqual({ args, code: 3 });
      expect(stderr).toMatch(/operator/);
    }
    expect(await host.valuesOf('TOKEN')).toEqual({ '': 'x' });
    const seen = await call(['secrets', 'list', '--json'], { env: as(viewer, host.envFile) });
    expect(seen.code).toBe(0);
    expect(seen.stdout).not.toContain('enc:v1');
  });

  it('is nobody with --readonly', async () => {
    for (const args of [['set', 'TOKEN'], ['delete', 'TOKEN', '--yes'], ['note', 'TOKEN', 'x'], ['rekey']]) {
      const { code } = await call(['--readonly', 'secrets', ...args], { env: as(operator, host.envFile) });
      expect({ args, code }).toEqual({ args, code: 3 });
    }
  });
});

describe('an agent that is elsewhere', () => {
  it('has no secrets on this gateway', async () => {
    await stack.database.addGateway('second');
    const { code, stderr } = await secrets(['set', 'TOKEN', '--agent', 'ada', '--gateway', 'second'], {
      input: 'x',
    });
    expect(code).toBe(2);
    expect(stderr).toContain('not on the gateway second');
    const unnamed = await secrets(['set', 'TOKEN'], { input: 'x' });
    expect(unnamed.code).toBe(2);
    expect(unnamed.stderr).toMatch(/several.*\n.*default, second/);
    expect((await secrets(['set', 'TOKEN', '--agent', ada], { input: 'x' })).code).toBe(0);
    await stack.database.query(`delete from gateways where slug = 'second'`);
  });
});

it('is in the completion, and completes no value', async () => {
  const completed = async (...words: string[]): Promise<string> =>
    (await call(['complete', '--', ...words], { env: as(operator, host.envFile) })).stdout;
  await secrets(['set', 'KNOWN_TOKEN'], { input: 'hush-hush' });
  expect(await completed('secrets', 'rotate', 'KNOWN')).toBe('KNOWN_TOKEN\tuser\n');
  expect(await completed('secrets', 'set', 'KNOWN')).toBe('');
  expect(await completed('secrets', 're')).toMatch(/^rotate\t|^rekey\t/m);
  expect(await completed('secrets', 'set', 'TOKEN', '--c')).toContain('--category');
  expect(await completed('secrets', 'set', 'TOKEN', '--category', '')).toContain('channel');
});
