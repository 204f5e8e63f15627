import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import gatewayPackage from '../../../gateway/package.json' with { type: 'json' };
import { knownVersion } from './known-version.ts';
import { makeManifest } from './manifest.ts';
import { readHome } from './read-home.ts';
import { listWorkspace, readWorkspace } from './workspace-files.ts';

let root: string;
let home: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hq-home-'));
  home = join(root, '.openclaw');
  mkdirSync(home);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), content);
}
const config = (text: string) => write('openclaw.json', text);
const agentOf = async (id: string) => (await readHome(home)).agents.find((agent) => agent.id === id);

/** Writes a database of OpenClaw with these tables, each with its rows. */
function database(path: string, schema: number, tables: Readonly<Record<string, readonly object[]>>): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  using db = new DatabaseSync(join(home, path));
  db.exec(`pragma journal_mode = wal; pragma user_version = ${schema}`);
  for (const [table, rows] of Object.entries(tables)) {
    const columns = Object.keys(rows[0] ?? {});
    db.exec(`create table ${table} (${columns.join(', ')})`);
    for (const row of rows) {
      const marks = columns.map(() => '?').join(', ');
      db.prepare(`insert into ${table} values (${marks})`).run(...Object.values(row));
    }
  }
}
const lease = (pid: number, expires: number) => ({
  ...{ scope: 'gateway-owner', expires_at: expires },
  payload_json: JSON.stringify({ owner: { pid, host: hostname() } }),
});

describe('a home of OpenClaw', () => {
  it('knows the version of the gateway', () => {
    expect(knownVersion).toBe(gatewayPackage.dependencies.openclaw);
  });

  it('is read with comments, includes, variables and both forms of the list of agents', async () => {
    config(`{ // mine
      agents: { $include: ['./a.json5', './b.json5'], defaults: { model: 'openai/gpt-5', thinkingDefault: 'low' } },
      env: { vars: { TG: '1:abc' } },
      channels: { telegram: { botToken: '\${TG}', allowFrom: [555, '*'] } },
    }`);
    write(
      'a.json5',
      `{ entries: { main: { identity: { name: 'Maya', emoji: '🦊' }, heartbeat: { every: '1h' } } } }`,
    );
    write(
      'b.json5',
      `{ list: [{ id: 'old', model: { primary: 'x/y', fallbacks: ['a/b'] }, thinkingDefault: 'max' }] }`,
    );
    const { agents } = await readHome(home);
    expect(agents).toMatchObject([
      {
        ...{ id: 'main', isDefault: true, name: 'Maya', emoji: '🦊', model: 'openai/gpt-5', thinking: 'low' },
        workspace: join(home, 'workspace'),
        leftOut: ['heartbeat: HQ wakes agents by their inbox'],
        channels: {
          account: { channel: 'telegram', account: 'default', allowFrom: ['555'] },
          leftOut: [expect.stringContaining('allowFrom *')],
        },
      },
      {
        ...{ id: 'old', model: 'x/y', thinking: null, workspace: join(home, 'workspace-old') },
        leftOut: [expect.stringContaining('fallbacks'), expect.stringContaining('thinking max')],
        channels: { account: null },
      },
    ]);
    expect([...(agents[0]?.channels.account?.tokens ?? [])]).toEqual([['TELEGRAM_BOT_TOKEN', '1:abc']]);
  });

  it('has the agent main where it names none', async () => {
    config('{}');
    expect((await readHome(home)).agents).toMatchObject([{ id: 'main', files: { root: null, fault: null } }]);
  });

  it('routes accounts by bindings, and names what HQ cannot route', async () => {
    config(
      JSON.stringify({
        agents: { ownership: 'explicit', entries: { ann: {}, bob: {} } },
        channels: {
          discord: { accounts: { one: { token: 'd1', guilds: { 123456: {} } }, two: { token: 'd2' } } },
          slack: { botToken: 'xoxb', appToken: { source: 'exec', provider: 'vault', id: 'x' } },
          whatsapp: { enabled: true },
        },
        bindings: [
          { agentId: 'ann', match: { channel: 'discord', accountId: 'one' } },
          { agentId: 'ann', match: { channel: 'slack' } },
          { agentId: 'bob', match: { channel: 'whatsapp' } },
          { agentId: 'bob', match: { channel: 'discord', accountId: 'one', peer: { id: '7' } } },
        ],
      }),
    );
    const { agents, leftOut } = await readHome(home);
    expect(agents[0]?.channels).toMatchObject({
      account: { channel: 'discord', account: 'one', serverId: '123456' },
      leftOut: ['slack default: its value is in a store of OpenClaw (exec)'],
    });
    expect(agents[1]?.channels).toMatchObject({
      account: null,
      leftOut: ['whatsapp default: HQ has no such channel', expect.stringContaining('not by peer')],
    });
    expect(leftOut).toContain('discord two: it is routed to no agent');
  });

  it('is read by copies of its databases: jobs, people, keys and the program that runs', async () => {
    config(JSON.stringify({ agents: { entries: { ann: {} } }, channels: { telegram: { botToken: '1:a' } } }));
    const job = { agentId: 'ann', name: 'daily', schedule: { kind: 'cron', expr: '0 7 * * *' } };
    const turn = { ...job, payload: { kind: 'agentTurn', message: 'Report.' } };
    database('state/openclaw.sqlite', 18, {
      state_leases: [lease(process.pid, Date.now() + 60_000)],
      cron_jobs: [
        { job_id: 'j1', name: 'daily', job_json: JSON.stringify(turn) },
        {
          job_id: 'j2',
          name: 'beat',
          job_json: JSON.stringify({ ...turn, declarationKey: 'heartbeat:ann' }),
        },
        { job_id: 'j3', name: 'odd', job_json: JSON.stringify({ ...job, payload: { kind: 'script' } }) },
      ],
      channel_pairing_allow_entries: [{ channel_key: 'telegram', account_id: 'default', entry: '777' }],
    });
    const profiles = {
      'openai:manual': { type: 'api_key', provider: 'openai', key: 'sk-1' },
      'anthropic:me': { type: 'oauth', provider: 'anthropic', access: 'x' },
      'odd:manual': { type: 'api_key', provider: 'odd', key: 'k' },
    };
    database('agents/ann/agent/openclaw-agent.sqlite', 23, {
      auth_profile_store: [{ store_key: 'primary', store_json: JSON.stringify({ version: 1, profiles }) }],
    });
    write('.env', 'GROQ_API_KEY=gsk-1\nOTHER=1\n');
    const before = await makeManifest([home]);
    const { state, agents, leftOut } = await readHome(home);
    expect(await makeManifest([home])).toEqual(before);
    expect(state).toMatchObject({ running: { pid: process.pid }, otherJobs: ['odd'] });
    expect(state.cronJobs).toMatchObject([{ id: 'j1', agent: 'ann', message: 'Report.' }]);
    expect(agents[0]?.channels.account?.allowFrom).toEqual(['777']);
    expect([...(agents[0]?.providerKeys.keys ?? [])]).toEqual([
      ['OPENAI_API_KEY', 'sk-1'],
      ['GROQ_API_KEY', 'gsk-1'],
    ]);
    expect(agents[0]?.providerKeys.leftOut).toHaveLength(2);
    expect(leftOut).toContainEqual(expect.stringContaining('OTHER'));
  });

  it('is not taken for one that runs by the lease of a killed or ended program', async () => {
    config('{}');
    const gone = 2 ** 22 - 7;
    database('state/openclaw.sqlite', 18, {
      state_leases: [lease(gone, Date.now() + 60_000), lease(process.pid, Date.now() - 1)],
    });
    expect((await readHome(home)).state.running).toBeNull();
  });
});

describe('a bad home', () => {
  it.each([
    ['half-written', '{ agents: { entries: { ann: { name: "An', /no complete JSON5 at line 1/],
    ['a list', '[]', /no object/],
    ['an include that leads out', '{ agents: { $include: "../out.json5" } }', /leads out of the home/],
    ['an include that is not there', '{ agents: { $include: "./none.json5" } }', /no such file/],
    ['an include of itself', '{ a: { $include: "./openclaw.json" } }', /includes itself/],
    [
      'of a newer OpenClaw',
      '{ meta: { lastTouchedVersion: "2027.1.0" } }',
      /newer OpenClaw \(OpenClaw 2027.1.0\)/,
    ],
  ])('is refused with the reason: %s', async (_name, text, reason) => {
    writeFileSync(join(root, 'out.json5'), '{}');
    config(text);
    await expect(readHome(home)).rejects.toThrow(reason);
  });

  it('is refused where it is none', async () => {
    await expect(readHome(join(root, 'none'))).rejects.toMatchObject({ code: 'usage', field: 'home' });
    await expect(readHome(home)).rejects.toThrow(
      /"openclaw.json" of the home cannot be used: there is no such file/,
    );
    mkdirSync(join(home, 'openclaw.json'));
    await expect(readHome(home)).rejects.toThrow(/directory is in its place/);
  });

  it('is refused where it is the state of a gateway of HQ', async () => {
    config('{}');
    mkdirSync(join(home, 'hq', 'provisioned'), { recursive: true });
    await expect(readHome(home)).rejects.toThrow(/state of a gateway of HQ/);
  });

  it('never repeats the text that it cannot parse', async () => {
    config('{ token: "sk-secret-value-of-the-home", oops');
    await expect(readHome(home)).rejects.not.toThrow(/secret-value|oops/);
  });

  it('is refused with a newer schema, and costs one agent its keys where that database is damaged', async () => {
    config('{ agents: { entries: { ann: {} } } }');
    write('agents/ann/agent/openclaw-agent.sqlite', Buffer.alloc(5_000, 7));
    expect((await agentOf('ann'))?.providerKeys.leftOut).toEqual([expect.stringContaining('cannot be read')]);
    database('state/openclaw.sqlite', 99, {});
    await expect(readHome(home)).rejects.toThrow(/schema 99/);
    write('state/openclaw.sqlite', Buffer.alloc(5_000, 7));
    await expect(readHome(home)).rejects.toThrow(/cannot be read/);
  });

  it('leaves out what does not come over, and says so', async () => {
    config('{}');
    write('workspace/keep.md', 'x');
    write('workspace/.git/config', 'x');
    write('workspace/node_modules/a/b.js', 'x');
    write('workspace/large.bin', '');
    truncateSync(join(home, 'workspace/large.bin'), 21 * 1024 * 1024);
    symlinkSync('../../outside', join(home, 'workspace', 'leads-out'));
    symlinkSync('keep.md', join(home, 'workspace', 'stays'));
    writeFileSync(Buffer.from(`${home}/workspace/bad-\xff`, 'latin1'), 'x');
    const files = (await agentOf('main'))?.files;
    expect(files?.files.map(({ path }) => path)).toEqual(['keep.md', 'stays']);
    expect(files?.leftOut).toHaveLength(4);
  });

  it('reads no file outside of a workspace, whatever becomes of it after the listing', async () => {
    config('{}');
    write('workspace/notes/key', 'a note');
    write('workspace/keep.md', 'x');
    write('workspace/deep/a', 'x');
    write('secrets/key', 'a secret');
    symlinkSync('..', join(home, 'workspace/deep/up'));
    symlinkSync('deep/up/..', join(home, 'workspace/twisted'));
    const listed = await listWorkspace(join(home, 'workspace'));
    expect(listed.leftOut).toEqual([expect.stringContaining('twisted')]);
    rmSync(join(home, 'workspace/notes'), { recursive: true });
    symlinkSync(join(home, 'secrets'), join(home, 'workspace/notes'));
    const read = [];
    for await (const { path } of readWorkspace(listed)) read.push(path);
    expect(read.sort()).toEqual(['deep/a', 'deep/up', 'keep.md']);
  });

  it('names a workspace that is too large, and how large it is', async () => {
    config('{}');
    for (let at = 0; at < 27; at += 1) {
      write(`workspace/${at}.bin`, '');
      truncateSync(join(home, `workspace/${at}.bin`), 19 * 1024 * 1024);
    }
    expect((await agentOf('main'))?.files.fault).toMatch(
      /27 files and 513 MB, and HQ takes 20,000 files and 500 MB/,
    );
  });

  it('names a workspace that is no directory', async () => {
    config('{}');
    write('workspace', 'a file');
    expect((await agentOf('main'))?.files.fault).toMatch(/no directory/);
    expect(readdirSync(home)).toContain('workspace');
  });
});
