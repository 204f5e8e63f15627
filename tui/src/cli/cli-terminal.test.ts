import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nilTenant } from '../../../db/testing/database.ts';
import { exchange } from '../../../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { ScreenSession } from '../../testing/screen-session.ts';
import { callOnTerminal, type TerminalCall } from '../../testing/terminal-call.ts';
import { widthOf } from '../table/cell.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
let stack: TestStack;
let operator: StackMember;
let home: string;
const sessions: ScreenSession[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  operator = await stack.createMember('operator', { email: 'olga@example.test' });
  home = await mkdtemp(join(tmpdir(), 'hq-cli-terminal-'));
});
afterAll(async () => {
  await stack.close();
  await rm(home, { recursive: true });
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_DATA_HOME: join(home, 'data'),
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.anonKey,
    ...more,
  };
}

/** Starts the program on a terminal of its own. */
function open(args: readonly string[], more: Readonly<Record<string, string>> = {}): ScreenSession {
  const env = environment(more);
  const session = new ScreenSession(process.execPath, [main, ...args], { columns: 80, rows: 24, env });
  sessions.push(session);
  return session;
}

const credentials = () => ({ HQ_EMAIL: operator.email, HQ_PASSWORD: operator.password });
const signedIn = (args: readonly string[], more: Readonly<Record<string, string>> = {}): TerminalCall =>
  callOnTerminal(args, { env: environment({ ...credentials(), ...more }) });

async function commandCount(): Promise<number> {
  const [row] = await stack.database.query<{ count: number }>(
    'select count(*)::int as count from agent_commands',
  );
  return row?.count ?? -1;
}

describe('a call on a terminal', () => {
  it('asks for a password without showing it, and takes corrections', async () => {
    const session = open(['login', '--email', operator.email]);
    await session.waitFor('Password:');
    session.press(`${operator.password}x\u007f\r`);
    expect((await session.exited).exitCode).toBe(0);
    expect(session.written).toContain('Signed in');
    expect(session.written).not.toContain(operator.password.slice(0, 8));
  });

  it('ends with 6 when Ctrl-C answers the question for the password', async () => {
    const session = callOnTerminal(['login', '--email', operator.email], { env: environment() });
    await session.waitFor('Password:');
    session.press('half\u0003');
    expect(await session.exitCode).toBe(6);
    expect(session.written).not.toContain('half');
  });

  it('asks before a disruptive action, and does nothing without a yes', async () => {
    const before = await commandCount();
    const session = signedIn(['run', 'restart_gateway']);
    await session.waitFor('Restart the gateway on default');
    await session.waitFor('[y/N]');
    session.press('\r');
    expect(await session.exitCode).toBe(6);
    expect(await commandCount()).toBe(before);
  });

  it('runs a disruptive action after a yes', async () => {
    const before = await commandCount();
    const session = signedIn(['run', 'restart_gateway']);
    await session.waitFor('[y/N]');
    session.press('y\r');
    expect(await session.exitCode).toBe(0);
    expect(await commandCount()).toBe(before + 1);
  });

  it('stops waiting at Ctrl-C, and says that the command goes on', async () => {
    const session = open(['run', 'ping', '--wait'], credentials());
    await session.waitFor('pending');
    session.press('\u0003');
    expect((await session.exited).exitCode).toBe(130);
    expect(session.written).toContain('goes on');
  });

  it('cuts its tables to 80 columns, and colours them unless NO_COLOR is set', async () => {
    const name = `${'a-very-long-gateway-name-'.repeat(3)}end`;
    await stack.database.query('update gateways set label = $1 where tenant_id = $2', [name, nilTenant]);
    const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
      nilTenant,
    ]);
    const services = ['gateway', 'dispatcher', 'desktop', 'files'].map((service) => ({
      name: service,
      health: 'healthy',
      startedAt: null,
      version: null,
      restarts: 0,
    }));
    await exchange(stack.database, { gateway: row?.id ?? '', beat: { services } });
    const coloured = signedIn(['gateways']);
    await coloured.exitCode;
    expect(coloured.written).toContain('\u001b[32mhealthy');
    const plain = signedIn(['gateways'], { NO_COLOR: '1' });
    await plain.exitCode;
    expect(plain.written).not.toContain('\u001b[3');
    const lines = plain.written.split('\n').map(stripVTControlCharacters);
    expect(lines.join('\n')).toContain('default');
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80);
  });
});
