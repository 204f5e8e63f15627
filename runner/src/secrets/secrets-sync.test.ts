import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretsKeys } from '@hq/shared/secrets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SecretsHarness, startSecretsHarness } from '../testing/secrets-harness.ts';

const snapshots = '/rest/v1/rpc/secrets_snapshot';
const reports = '/rest/v1/rpc/secrets_synced';
const awful = `it's "quoted" $HOME \`id\` \\ \t tab\nsecond line\n\nüñí ✓ 漢字 ${'x'.repeat(60_000)}`;

let harness: SecretsHarness;
beforeEach(async () => {
  harness = await startSecretsHarness();
});
afterEach(() => harness?.close());

/** Returns the variables that a shell reads from a file. */
function sourced(file: string, key: string): string {
  const script = `set -a; . "$1"; set +a; exec node -e 'process.stdout.write(process.env[process.argv[1]] ?? "")' "$2"`;
  return execFileSync('sh', ['-c', script, 'sh', file, key], { encoding: 'utf8' });
}

describe('a sync', () => {
  it('writes the files of the gateway and of every agent, private from the first byte, and updates the rows', async () => {
    const { stack, gateway } = harness;
    const maya = await stack.database.addAgent('maya', gateway);
    await stack.database.addAgent('bob', gateway);
    await harness.store('SHARED', 'for all');
    await harness.store('TOKEN', 'of the gateway');
    await harness.store('TOKEN', 'of maya', { agent: maya });
    const sync = harness.open();
    await sync.start(30_000);
    expect(harness.files()).toEqual([
      '600 agents/bob.env',
      '600 agents/maya.env',
      '600 gateway.env',
      '700 agents',
    ]);
    expect(statSync(harness.path).mode & 0o777).toBe(0o700);
    expect(harness.file('gateway.env')).toBe(`SHARED='for all'\nTOKEN='of the gateway'\n`);
    expect(harness.file('agents/bob.env')).toBe(`SHARED='for all'\nTOKEN='of the gateway'\n`);
    expect(harness.file('agents/maya.env')).toBe(`SHARED='for all'\nTOKEN='of maya'\n`);
    expect((await harness.rows()).map((row) => [row.sync_status, row.has_synced])).toEqual([
      ['active', true],
      ['active', true],
      ['active', true],
    ]);
    expect(sync.state()).toMatchObject({
      state: 'ok',
      problem: null,
      keys: [harness.keys.current.fingerprint],
    });
  });

  it('reports the SHA-256 of the tokens that agents use in chats, and of nothing else', async () => {
    await harness.store('TELEGRAM_BOT_TOKEN', '7000001:AAFakeTokenOfAnAgent_0123456789abcd');
    await harness.store('OTHER', 'value');
    const sync = harness.open();
    await sync.start(30_000);
    const fingerprint = createHash('sha256')
      .update('7000001:AAFakeTokenOfAnAgent_0123456789abcd')
      .digest('hex');
    expect(sync.state().channel_tokens).toEqual([fingerprint]);
    await harness.stack.database.query(`delete from secrets where key = 'TELEGRAM_BOT_TOKEN'`);
    await sync.synced();
    expect(sync.state().channel_tokens).toEqual([]);
  });

  it('that finds no change writes no file and sends one request', async () => {
    await harness.store('KEY', 'value');
    const sync = harness.open();
    await sync.start(30_000);
    const before = statSync(join(harness.path, 'gateway.env'));
    const [asked, answered] = [harness.proxy.requests(snapshots), harness.proxy.requests(reports)];
    const changed = await harness.row('KEY');
    await sync.synced();
    expect(statSync(join(harness.path, 'gateway.env'))).toMatchObject({
      ino: before.ino,
      mtimeMs: before.mtimeMs,
    });
    expect(harness.proxy.requests(snapshots) - asked).toBe(1);
    expect(harness.proxy.requests(reports) - answered).toBe(0);
    expect(await harness.row('KEY')).toEqual(changed);
  });

  it('that found no change asks for the version alone, until it changes', async () => {
    await harness.store('KEY', 'value');
    const sync = harness.open();
    await sync.start(30_000);
    await sync.synced();
    const before = harness.proxy.requests(snapshots);
    await sync.synced();
    await sync.synced();
    expect(harness.proxy.requests(snapshots) - before).toBe(0);
    expect(sync.state()).toMatchObject({ state: 'ok', problem: null });
    await harness.store('KEY', 'another');
    await sync.synced();
    expect(harness.proxy.requests(snapshots) - before).toBe(1);
    expect(harness.file('gateway.env')).toContain(`KEY='another'`);
  });

  it('keeps every character of a value, as a shell reads it', async () => {
    await harness.store('AWFUL', awful);
    await harness.store('EMPTY', '');
    const sync = harness.open();
    await sync.start(30_000);
    expect(sourced(join(harness.path, 'gateway.env'), 'AWFUL')).toBe(awful);
    expect(sourced(join(harness.path, 'gateway.env'), 'EMPTY')).toBe('');
    const first = harness.file('gateway.env');
    await sync.synced();
    expect(harness.file('gateway.env')).toBe(first);
  });

  it('removes a deleted key from every file, and the file of an agent that was renamed, moved or deleted', async () => {
    const { stack, gateway } = harness;
    const maya = await stack.database.addAgent('maya', gateway);
    const bob = await stack.database.addAgent('bob', gateway);
    await stack.database.addAgent('eve', gateway);
    const id = await harness.store('GONE', 'soon');
    await harness.store('KEY', 'stays', { agent: maya });
    await harness.store('OTHER', 'of bob', { agent: bob });
    const sync = harness.open();
    await sync.start(30_000);
    const elsewhere = await stack.database.addGateway('elsewhere');
    await stack.database.query(`delete from secrets where id = $1`, [id]);
    await stack.database.query(`update agents set slug = 'maja' where id = $1`, [maya]);
    await stack.database.query(`delete from agents where slug = 'eve'`);
    await stack.database.behindTheGuard(`update public.agents set gateway_id = $1 where id = $2`, [
      elsewhere,
      bob,
    ]);
    await sync.synced();
    expect(harness.files()).toEqual(['600 agents/maja.env', '600 gateway.env', '700 agents']);
    expect(harness.file('agents/maja.env')).toBe(`KEY='stays'\n`);
    expect(harness.file('gateway.env')).toBe('');
    expect(await harness.row('OTHER')).toMatchObject({ sync_status: 'waiting', sync_error: null });
  });

  it('keeps the gateway’s own lines apart: no secret replaces them, and no agent gets them', async () => {
    await harness.stack.database.addAgent('maya', harness.gateway);
    mkdirSync(harness.path, { mode: 0o700 });
    writeFileSync(
      join(harness.path, 'gateway.env'),
      `# made by hand\nSUPABASE_URL=http://127.0.0.1:1\nHOSTED_THING='two\nlines'\nOLD='a secret that is gone'\n`,
    );
    await harness.store('PATH_TO', 'x');
    await harness.stack.database.behindTheGuard(
      `insert into public.secrets (gateway_id, key, encrypted_value) select $1, 'SUPABASE_URL', encrypted_value from public.secrets limit 1`,
      [harness.gateway],
    );
    const sync = harness.open();
    await sync.start(30_000);
    await sync.synced();
    expect(harness.file('gateway.env')).toBe(
      `HOSTED_THING='two\nlines'\nPATH_TO='x'\nSUPABASE_URL=http://127.0.0.1:1\n`,
    );
    expect(harness.file('agents/maya.env')).toBe(`PATH_TO='x'\n`);
    expect(await harness.row('SUPABASE_URL')).toMatchObject({
      sync_status: 'error',
      sync_error: expect.stringContaining('reserved'),
    });
  });

  it('reports an error on its row alone', async () => {
    await harness.store('GOOD', 'value');
    await harness.store('NUL', 'a\0b');
    await harness.stack.database.behindTheGuard(
      `insert into public.secrets (gateway_id, key, encrypted_value) values
         ($1, 'CLEAR', 'sk-in-clear-as-an-older-hq-had-it'), ($1, 'lower', 'enc:v1:x'), ($1, 'CUT', 'enc:v1:abc.def')`,
      [harness.gateway],
    );
    const sync = harness.open();
    await sync.start(30_000);
    expect(harness.file('gateway.env')).toBe(`GOOD='value'\n`);
    const errors = Object.fromEntries((await harness.rows()).map((row) => [row.key, row.sync_error]));
    expect(errors).toMatchObject({
      GOOD: null,
      CLEAR: expect.stringContaining('not encrypted'),
      CUT: expect.stringContaining('damaged'),
      NUL: expect.stringContaining('NUL'),
      lower: expect.stringContaining('capitals'),
    });
    expect(JSON.stringify(errors)).not.toContain('sk-in-clear');
    expect(sync.state().state).toBe('ok');
  });

  it('writes five thousand secrets of fifty agents in one sync', { timeout: 120_000 }, async () => {
    const agents = await Promise.all(
      Array.from({ length: 50 }, (_, number) =>
        harness.stack.database.addAgent(`agent-${number}`, harness.gateway),
      ),
    );
    await harness.storeAll(
      Array.from({ length: 5_000 }, (_, number) => ({
        key: `KEY_${Math.floor(number / 50)}`,
        value: `value ${number}`,
        agent: agents[number % 50] ?? '',
      })),
    );
    const sync = harness.open();
    await sync.start(60_000);
    expect(sync.state().state).toBe('ok');
    expect(harness.file('agents/agent-7.env').split('\n')).toHaveLength(101);
    expect(new Set((await harness.rows()).map((row) => row.sync_status))).toEqual(new Set(['active']));
    expect(harness.proxy.requests(reports)).toBe(1);
  });
});

describe('when the database', () => {
  it('is unreachable, a host starts with its current files, and syncs later', async () => {
    await harness.store('KEY', 'first');
    const before = harness.open();
    await before.start(30_000);
    await before.close();
    await harness.store('KEY', 'second value');
    await harness.stack.stopApi();
    const sync = harness.open();
    await sync.start(300);
    expect(sync.state()).toMatchObject({ state: 'stale', problem: expect.stringContaining('127.0.0.1') });
    expect(harness.file('gateway.env')).toBe(`KEY='first'\n`);
    await harness.stack.startApi();
    await sync.synced().catch(() => sync.synced());
    expect(harness.file('gateway.env')).toBe(`KEY='second value'\n`);
    expect(sync.state()).toMatchObject({ state: 'ok', problem: null });
  });

  it('goes away during a sync, every file is the old or the new one', async () => {
    await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('KEY', 'first');
    const sync = harness.open();
    await sync.start(30_000);
    await harness.store('KEY', 'second value');
    harness.proxy.dropResponses(snapshots, 1);
    await expect(sync.synced()).rejects.toMatchObject({ code: 'unreachable' });
    expect(harness.file('gateway.env')).toBe(`KEY='first'\n`);
    expect(harness.file('agents/maya.env')).toBe(`KEY='first'\n`);
    expect(sync.state().state).toBe('stale');
    harness.proxy.dropResponses(reports, 1);
    await expect(sync.synced()).rejects.toMatchObject({ code: 'unreachable' });
    expect(harness.file('gateway.env')).toBe(`KEY='second value'\n`);
    await sync.synced();
    expect(await harness.row('KEY')).toMatchObject({ sync_status: 'active' });
  });
});

describe('a key that opens half of the rows', () => {
  it('removes no value: a secret that cannot be decrypted keeps its file, and reports it', async () => {
    const other = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: 'another-service-role-key' }).current;
    const maya = await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('ONE', 'one');
    await harness.store('TWO', 'two');
    await harness.store('TWO', 'two of maya', { agent: maya });
    const sync = harness.open();
    await sync.start(30_000);
    await harness.store('ONE', 'another one');
    await harness.store('TWO', 'unreadable', { under: other });
    await harness.store('TWO', 'unreadable', { under: other, agent: maya });
    await harness.store('NEW', 'unreadable', { under: other });
    await sync.synced();
    expect(harness.file('gateway.env')).toBe(`ONE='another one'\nTWO='two'\n`);
    expect(harness.file('agents/maya.env')).toBe(`ONE='another one'\nTWO='two of maya'\n`);
    const rows = await harness.rows();
    expect(rows.map((row) => [row.key, row.sync_status])).toEqual([
      ['NEW', 'error'],
      ['ONE', 'active'],
      ['TWO', 'error'],
      ['TWO', 'error'],
    ]);
    expect(rows[0]?.sync_error).toMatch(/encrypted with another key/);
    expect(rows[0]?.sync_error).not.toMatch(/stays in use/);
    expect(rows[2]?.sync_error).toMatch(/The previous value stays in use\./);
    // A runner that has both keys reads both.
    const both = harness.open({ keys: { current: other, previous: [harness.keys.current] } });
    await both.start(30_000);
    expect(harness.file('gateway.env')).toBe(`NEW='unreadable'\nONE='another one'\nTWO='unreadable'\n`);
    expect((await harness.rows()).every((row) => row.sync_status === 'active')).toBe(true);
  });
});

describe('a file', () => {
  it('that was changed, made readable, made read-only or removed is restored', async () => {
    await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('KEY', 'value');
    const sync = harness.open();
    await sync.start(30_000);
    const agent = join(harness.path, 'agents', 'maya.env');
    for (const harm of [
      () => writeFileSync(agent, 'KEY=mine\n'),
      () => chmodSync(agent, 0o644),
      () => chmodSync(agent, 0o400),
      () => chmodSync(agent, 0o000),
      () => rmSync(agent),
      () => chmodSync(join(harness.path, 'agents'), 0o755),
      () => rmSync(harness.path, { recursive: true }),
    ]) {
      // Only the files themselves show the change.
      await sync.synced();
      harm();
      await sync.synced();
      expect(harness.files()).toEqual(['600 agents/maya.env', '600 gateway.env', '700 agents']);
      expect(harness.file('agents/maya.env')).toBe(`KEY='value'\n`);
    }
  });

  it('that is a link is replaced, and its target is not touched', async () => {
    await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('KEY', 'value');
    const outside = join(harness.path, '..', 'outside');
    writeFileSync(outside, `LINKED='not ours'\n`, { mode: 0o644 });
    mkdirSync(join(harness.path, 'agents'), { recursive: true, mode: 0o700 });
    symlinkSync(outside, join(harness.path, 'gateway.env'));
    symlinkSync(outside, join(harness.path, 'agents', 'maya.env'));
    symlinkSync(outside, join(harness.path, 'agents', 'nobody.env'));
    const sync = harness.open();
    await sync.start(30_000);
    expect(harness.files()).toEqual(['600 agents/maya.env', '600 gateway.env', '700 agents']);
    expect(lstatSync(join(harness.path, 'gateway.env')).isSymbolicLink()).toBe(false);
    expect(harness.file('agents/maya.env')).toBe(`KEY='value'\n`);
    expect(readFileSync(outside, 'utf8')).toBe(`LINKED='not ours'\n`);
    expect(statSync(outside).mode & 0o777).toBe(0o644);
  });

  it('is never written through a directory that is a link', async () => {
    await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('KEY', 'value');
    const outside = mkdtempSync(join(tmpdir(), 'hq-outside-'));
    mkdirSync(harness.path, { mode: 0o700 });
    symlinkSync(outside, join(harness.path, 'agents'));
    const sync = harness.open();
    await sync.start(30_000);
    expect(sync.state()).toMatchObject({
      state: 'error',
      problem: expect.stringMatching(/agents is a symbolic link/),
    });
    rmSync(harness.path, { recursive: true });
    symlinkSync(outside, harness.path);
    await expect(sync.synced()).rejects.toMatchObject({ code: 'conflict' });
    expect(execFileSync('ls', ['-A', outside], { encoding: 'utf8' })).toBe('');
    rmSync(harness.path);
    await sync.synced();
    expect(harness.file('agents/maya.env')).toBe(`KEY='value'\n`);
    rmSync(outside, { recursive: true });
  });

  it('of a slug that could lead elsewhere is never created', async () => {
    await harness.store('KEY', 'value');
    const agent = await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('OWN', 'value', { agent });
    await harness.stack.database.behindTheGuard(
      `update public.agents set slug = '../../escaped' where id = $1`,
      [agent],
    );
    const sync = harness.open();
    await sync.start(30_000);
    expect(harness.files()).toEqual(['600 gateway.env', '700 agents']);
    expect(await harness.row('OWN')).toMatchObject({
      sync_status: 'error',
      sync_error: expect.stringContaining('slug'),
    });
  });

  it('that a killed runner left incomplete is removed at the start', async () => {
    mkdirSync(join(harness.path, 'agents'), { recursive: true, mode: 0o700 });
    writeFileSync(join(harness.path, '.gateway.env.0123456789abcdef.tmp'), 'half');
    writeFileSync(join(harness.path, 'agents', '.maya.env.0123456789abcdef.tmp'), 'half');
    const sync = harness.open();
    await sync.start(30_000);
    expect(harness.files()).toEqual(['600 gateway.env', '700 agents']);
  });
});

describe('two runners on one volume', () => {
  it('never write a mixed file, and leave no lock behind', { timeout: 120_000 }, async () => {
    await harness.stack.database.addAgent('maya', harness.gateway);
    const values = ['a', 'b'].map((letter) => letter.repeat(50_000));
    await harness.store('KEY', values[0] ?? '');
    const [one, other] = [harness.open(), harness.open()];
    await Promise.all([one.start(30_000), other.start(30_000)]);
    for (let round = 0; round < 10; round += 1) {
      const value = values[round % 2] ?? '';
      await harness.store('KEY', value);
      const both = Promise.all([one.synced(), other.synced()]);
      for (let look = 0; look < 20; look += 1) {
        expect([`KEY='${values[0]}'\n`, `KEY='${values[1]}'\n`]).toContain(harness.file('agents/maya.env'));
        await new Promise(setImmediate);
      }
      await both;
      expect(harness.file('agents/maya.env')).toBe(`KEY='${value}'\n`);
    }
    expect(harness.files()).toEqual(['600 agents/maya.env', '600 gateway.env', '700 agents']);
  });
});

describe('a value', () => {
  it('is known to the redactor before it is on disk, and for a while after it was replaced', async () => {
    await harness.store('KEY', 'the first value');
    const sync = harness.open();
    await sync.start(30_000);
    expect(harness.redactor.text('it is the first value')).toBe('it is [redacted]');
    await harness.store('KEY', 'the second value');
    await sync.synced();
    expect(harness.redactor.text('the first value, the second value')).toBe('[redacted], [redacted]');
    await sync.synced();
    expect(harness.redactor.text('the first value')).toBe('[redacted]');
  });

  it('that was replaced stays known, however many other secrets change afterwards', async () => {
    await harness.store('KEY', 'the first value');
    const sync = harness.open();
    await sync.start(30_000);
    await harness.store('KEY', 'the second value');
    await sync.synced();
    for (const other of ['ONE', 'TWO', 'THREE']) {
      await harness.store(other, `the value of ${other}`);
      await sync.synced();
    }
    expect(harness.redactor.text('the first value, the second value')).toBe('[redacted], [redacted]');
  });

  it('that is on disk before the first sync is known to the redactor, too', async () => {
    await harness.store('KEY', 'the last good one');
    const before = harness.open();
    await before.start(30_000);
    await before.close();
    await harness.stack.stopApi();
    harness.redactor.learn([]);
    const sync = harness.open();
    await sync.start(200);
    expect(harness.redactor.text('the last good one')).toBe('[redacted]');
    await harness.stack.startApi();
  });

  it('can be read by its name or its id, and not from another gateway', async () => {
    const maya = await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('KEY', 'of the gateway');
    const id = await harness.store('KEY', 'of maya', { agent: maya });
    const sync = harness.open();
    const { signal } = new AbortController();
    expect(await sync.readSecret('KEY', signal)).toEqual({ value: 'of the gateway', agentSlug: null });
    expect(await sync.readSecret(id, signal)).toEqual({ value: 'of maya', agentSlug: 'maya' });
    await expect(sync.readSecret('NONE', signal)).rejects.toMatchObject({
      code: 'not_found',
      field: 'secret',
    });
    const stranger = harness.open({ gatewayId: await harness.stack.database.addGateway('elsewhere') });
    await expect(stranger.readSecret(id, signal)).rejects.toMatchObject({ code: 'not_found' });
  });
});
