import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@hq/shared/actions';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nilTenant } from '../../db/testing/database.ts';
import { claimOne, exchange } from '../../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { type Bundled, bundled } from './bundled.ts';
import { ScreenSession } from './screen-session.ts';

let program: Bundled;
let stack: TestStack;
let gateway: string;
let home: string;
const members = new Map<Role, StackMember>();
const sessions: ScreenSession[] = [];

const services = [
  {
    name: 'gateway',
    health: 'healthy',
    startedAt: new Date().toISOString(),
    version: 'openclaw 2026.9.6',
    restarts: 0,
  },
];

beforeAll(async () => {
  [program, stack, home] = await Promise.all([
    bundled('tui/src/main.ts'),
    startTestStack(),
    mkdtemp(join(tmpdir(), 'hq-home-')),
  ]);
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
  for (const role of ['viewer', 'operator'] as const) members.set(role, await stack.createMember(role));
});
beforeEach(() => exchange(stack.database, { gateway, beat: { services, version: '0.1.0' } }));
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});
afterAll(async () => {
  await stack.close();
  await program.remove();
  await rm(home, { recursive: true, force: true });
});

function open(env: Readonly<Record<string, string>>): ScreenSession {
  const session = new ScreenSession(process.execPath, [program.file], {
    columns: 100,
    rows: 30,
    background: '0000/0000/0000',
    env: { SUPABASE_URL: stack.url, SUPABASE_ANON_KEY: stack.anonKey, XDG_STATE_HOME: home, ...env },
  });
  sessions.push(session);
  return session;
}

async function signedIn(role: Role): Promise<ScreenSession> {
  const member = members.get(role);
  const session = open({ HQ_EMAIL: member?.email ?? '', HQ_PASSWORD: member?.password ?? '' });
  await session.waitFor('● LIVE');
  await session.waitFor('● default');
  return session;
}

/** Presses the keys that restart the gateway, and answers yes. */
async function restart(session: ScreenSession): Promise<void> {
  session.press('R');
  await session.waitFor('▸ Cancel');
  session.press('\t');
  await session.waitFor('▸ Restart');
  session.press('\r');
}

describe('restarting a gateway with a key', () => {
  it('shows it waiting, running with its output, and done', async () => {
    const session = await signedIn('operator');
    await restart(session);
    await session.waitFor('◐ pending');
    await session.waitFor('Waiting for the runner to take it.');

    const { lease_token: token } = await claimOne(stack.database, gateway);
    await session.waitFor('◐ running');
    await exchange(stack.database, {
      gateway,
      output: [
        { token, seq: 1, stream: 'stdout', text: 'stopping gateway\n\u001b[31mlistening\u001b[0m again\n' },
      ],
      progress: [{ token, percent: 60, note: 'waiting until it is healthy' }],
    });
    await session.waitFor('listening again');
    await session.waitFor('60% waiting until it is healthy');
    await session.waitFor(/running {2}[1-9]s/);

    await exchange(stack.database, {
      gateway,
      results: [
        {
          token,
          status: 'done',
          exit_code: 0,
          stdout: '',
          stderr: '',
          result: { service: 'gateway', tookMs: 3200 },
        },
      ],
    });
    await session.waitFor('● done');
    await session.waitFor('gateway healthy again after 3.2 s');
    session.press('\u001b');
    await session.waitFor('[1 Fleet]');
  });

  it('shows it to everybody who looks at the fleet', async () => {
    const [first, second] = await Promise.all([signedIn('operator'), signedIn('viewer')]);
    await restart(first);
    await second.waitFor(/default .*restart_gateway pending/);
    const { lease_token: token } = await claimOne(stack.database, gateway);
    await second.waitFor(/default .*restart_gateway [1-9]s/);
    await exchange(stack.database, {
      gateway,
      results: [
        {
          token,
          status: 'failed',
          exit_code: 1,
          stdout: '',
          stderr: '',
          error_message: 'It never got healthy.',
        },
      ],
    });
    await first.waitFor('✕ failed');
    await second.waitFor(/✕ Restart the gateway \(default\) {2}It never got healthy\./);
    await second.waitFor('4 Alerts 1');
    second.press('4');
    await second.waitFor('[4 Alerts 1]');
    second.press('a');
    await second.waitFor(/✕ .*operator/);
    first.press('4');
    await first.waitFor('[4 Alerts 1]');
    first.press('a');
    await first.waitFor('· seen');
    await second.waitFor('· seen');
  });

  it('can be taken back while it waits', async () => {
    const session = await signedIn('operator');
    await restart(session);
    await session.waitFor('◐ pending');
    session.press('x');
    await session.waitFor('‖ cancelled');
  });
});

describe('an action that has an opposite', () => {
  it('offers to take it back, and does', async () => {
    const session = await signedIn('operator');
    session.press('p');
    await session.waitFor('u takes it back');
    const { lease_token: token, action } = await claimOne(stack.database, gateway);
    expect(action).toBe('pause_gateway');
    const results = [
      { token, status: 'done', exit_code: 0, stdout: '', stderr: '', result: { status: 'paused' } },
    ];
    await exchange(stack.database, { gateway, results });
    await session.waitFor('paused; nothing runs until it is resumed');
    session.press('u');
    await session.waitFor('Resume the gateway: default, sent');
    const undone = await claimOne(stack.database, gateway);
    expect(undone.action).toBe('resume_gateway');
    await exchange(stack.database, {
      gateway,
      results: [
        {
          token: undone.lease_token,
          status: 'done',
          exit_code: 0,
          stdout: '',
          stderr: '',
          result: { status: 'ready' },
        },
      ],
    });
    await session.waitFor('taking commands again');
  });
});

describe('a viewer', () => {
  it('is told the database’s own reason', async () => {
    const session = await signedIn('viewer');
    session.press('p');
    await session.waitFor(/✕ .*(operator|role)/);
    const rows = await stack.database.query(`select 1 from agent_commands where requested_by = $1`, [
      members.get('viewer')?.id,
    ]);
    expect(rows).toEqual([]);
  });
});

describe('while nothing answers', () => {
  it('the last state stays, and it comes back by itself with what was missed', {
    timeout: 60_000,
  }, async () => {
    const session = await signedIn('operator');
    await stack.stopApi();
    await session.waitFor('✕ OFFLINE');
    expect(session.text()).toContain('default');
    await stack.database.query(`update gateways set label = 'Renamed meanwhile' where id = $1`, [gateway]);
    session.press('p');
    await session.waitFor(/✕ .*(answer|reach)/i);
    await stack.startApi();
    await session.waitFor('Renamed meanwhile');
    await session.waitFor('● LIVE');
  });
});

describe('agents', () => {
  it('appear, are found and opened, whatever they are called', async () => {
    const id = await stack.database.addAgent('mallory', gateway);
    await stack.database.query('update agents set name = $1 where id = $2', ['\u001b[2J\u202eevil 字', id]);
    const session = await signedIn('operator');
    session.press('2');
    await session.waitFor('mallory');
    session.press('/MALL');
    await session.waitFor('Nothing matches MALL');
    session.press('\u0015mall\r');
    await session.waitFor('1 of 1');
    session.press('\r');
    await session.waitFor('Agents › mallory');
    await session.waitFor('evil 字');
  });
});

describe('signing in', () => {
  it('refuses a wrong password, takes the right one, and never shows either', async () => {
    const member = members.get('operator');
    const session = open({});
    await session.waitFor('Sign in to');
    session.press(`${member?.email}\rwrong-password\r`);
    await session.waitFor('The email or the password is wrong.');
    session.press(`${member?.password}\r`);
    await session.waitFor('● LIVE');
    expect(session.written).not.toContain('wrong-password');
    expect(session.written).not.toContain(member?.password);
    session.press('q');
    expect(await session.ended()).toEqual({ exitCode: 0, signal: 0 });
  });
});
