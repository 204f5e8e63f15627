import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { nilTenant } from '../../../../../db/testing/database.ts';
import { type StackMember, startTestStack, type TestStack } from '../../../../../local/testing/stack.ts';
import { ScreenSession } from '../../../../testing/screen-session.ts';
import { plantedPem, plantedValue, type SecretsHost, secretsHost } from '../../../../testing/secrets-host.ts';
import { callOnTerminal, type TerminalCall } from '../../../../testing/terminal-call.ts';

const main = fileURLToPath(new URL('../../../main.ts', import.meta.url));
let stack: TestStack;
let host: SecretsHost;
let operator: StackMember;
let home: string;
const sessions: ScreenSession[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  operator = await stack.createMember('operator');
  home = await mkdtemp(join(tmpdir(), 'hq-secrets-terminal-'));
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  host = await secretsHost(stack, row?.id ?? '');
});
afterAll(async () => {
  await stack.close();
  await host.remove();
  await rm(home, { recursive: true });
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

const environment = () => ({
  HOME: home,
  XDG_STATE_HOME: join(home, 'state'),
  XDG_DATA_HOME: join(home, 'data'),
  SUPABASE_URL: stack.url,
  SUPABASE_ANON_KEY: stack.anonKey,
  HQ_EMAIL: operator.email,
  HQ_PASSWORD: operator.password,
  HQ_ENV_FILE: host.envFile,
});

/** Starts the program on a terminal of its own. */
function open(...args: string[]): ScreenSession {
  const session = new ScreenSession(process.execPath, [main, 'secrets', ...args], {
    columns: 100,
    rows: 24,
    env: environment(),
  });
  sessions.push(session);
  return session;
}

const secrets = (...args: string[]): TerminalCall =>
  callOnTerminal(['secrets', ...args], { env: environment() });

describe('a value that is typed on a terminal', () => {
  it('is asked for twice, never shown, and may be corrected', async () => {
    const value = plantedValue();
    const session = open('set', 'TYPED');
    await session.waitFor('Value (not shown');
    session.press(`${value}x\u007f\r`);
    await session.waitFor('The same once more');
    session.press(`${value}\r`);
    expect((await session.ended()).exitCode).toBe(0);
    expect(await host.valuesOf('TYPED')).toEqual({ '': value });
    for (let at = 0; at + 6 <= value.length; at++) {
      expect(session.written).not.toContain(value.slice(at, at + 6));
    }
  });

  it('may be pasted in many lines', async () => {
    const pem = plantedPem();
    const paste = `\u001b[200~${pem.replaceAll('\n', '\r')}\r\u001b[201~\r`;
    const session = secrets('set', 'PASTED');
    await session.waitFor('Value (not shown');
    session.press(paste);
    await session.waitFor('The same once more');
    session.press(paste);
    expect(await session.exitCode).toBe(0);
    expect(await host.valuesOf('PASTED')).toEqual({ '': pem });
    for (const line of pem.split('\n')) expect(session.written).not.toContain(line.slice(0, 16));
    expect(session.written.lastIndexOf('\u001b[?2004l')).toBeGreaterThan(
      session.written.lastIndexOf('\u001b[?2004h'),
    );
  });

  it('is not stored when the two differ, or after Ctrl-C', async () => {
    const different = secrets('set', 'DIFFERENT');
    await different.waitFor('Value (not shown');
    different.press('one thing\r');
    await different.waitFor('The same once more');
    different.press('another\r');
    expect(await different.exitCode).toBe(2);
    const given = secrets('set', 'GIVEN_UP');
    await given.waitFor('Value (not shown');
    given.press('half\u0003');
    expect(await given.exitCode).toBe(6);
    expect(
      await stack.database.query(`select 1 from secrets where key in ('DIFFERENT', 'GIVEN_UP')`),
    ).toEqual([]);
  });

  it('never reaches the shell when a terminal does not mark the paste', async () => {
    const shell = new ScreenSession('bash', ['--norc', '-i'], {
      columns: 100,
      rows: 30,
      env: { ...environment(), PS1: 'shell> ' },
    });
    sessions.push(shell);
    await shell.waitFor('shell>');
    shell.press(`${process.execPath} ${main} secrets set RAW\r`);
    await shell.waitFor('Value (not shown');
    shell.press('first line\recho ran-$((40+2))\rsecond line\r');
    await shell.waitFor('The same once more');
    shell.press('\u0003');
    await shell.waitFor('Nothing was done.');
    shell.press('echo after-$((1+1))\r');
    await shell.waitFor('after-2');
    expect(shell.text()).not.toContain('ran-42');
  });
});

describe('changing the key on a terminal', () => {
  it('asks after the count, and shows its progress', async () => {
    await host.store('OLD', 'kept');
    const admin = await stack.createMember('admin');
    const both = await host.write('both.env', {
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      HOSTED_SECRETS_KEY: 'ab'.repeat(32),
      SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: stack.serviceRoleKey,
    });
    const session = callOnTerminal(['secrets', 'rekey'], {
      env: { ...environment(), HQ_EMAIL: admin.email, HQ_PASSWORD: admin.password, HQ_ENV_FILE: both },
    });
    await session.waitFor('[y/N]');
    expect(session.text).toMatch(/to encrypt again/);
    session.press('y\r');
    await session.waitFor(/\[#{30}\] Looked at \d+ of \d+/);
    expect(await session.exitCode).toBe(0);
    expect(session.text).toContain('_PREVIOUS');
    await stack.database.behindTheGuard('delete from secrets');
  });
});

describe('deleting on a terminal', () => {
  it('demands the name of the secret', async () => {
    await host.store('DOOMED', 'x');
    const wrong = secrets('delete', 'DOOMED');
    await wrong.waitFor('Type DOOMED to go on');
    wrong.press('yes\r');
    expect(await wrong.exitCode).toBe(6);
    expect(await host.valuesOf('DOOMED')).toEqual({ '': 'x' });
    const right = secrets('delete', 'DOOMED');
    await right.waitFor('Type DOOMED to go on');
    right.press('DOOMED\r');
    expect(await right.exitCode).toBe(0);
    expect(await host.valuesOf('DOOMED')).toEqual({});
  });
});
