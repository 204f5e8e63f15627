import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Role } from '@hq/shared/actions';
import { serviceRoleKey } from '@hq/shared/secrets';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nilTenant } from '../../db/testing/database.ts';
import { exchange } from '../../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { type Bundled, bundled } from './bundled.ts';
import { ScreenSession } from './screen-session.ts';
import { everyRow, plantedPem, plantedValue, type SecretsHost, secretsHost } from './secrets-host.ts';

let program: Bundled;
let stack: TestStack;
let host: SecretsHost;
let gateway: string;
let home: string;
const members = new Map<Role, StackMember>();
const sessions: ScreenSession[] = [];

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
  host = await secretsHost(stack, gateway);
  await stack.database.addAgent('ada', gateway);
  for (const role of ['viewer', 'operator'] as const) members.set(role, await stack.createMember(role));
});
beforeEach(async () => {
  await stack.database.behindTheGuard('delete from secrets');
  await report(serviceRoleKey(stack.serviceRoleKey).fingerprint);
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});
afterAll(async () => {
  await stack.close();
  await program.remove();
  await host.remove();
  await rm(home, { recursive: true, force: true });
});

/** The report of a runner that has this key. */
async function report(fingerprint: string): Promise<void> {
  await exchange(stack.database, {
    gateway,
    beat: {
      version: '0.1.0',
      services: [],
      secrets: { keys: [fingerprint], state: 'ok', problem: null, synced_at: new Date().toISOString() },
    },
  });
}

interface Seat {
  readonly role?: Role;
  readonly envFile?: string;
  readonly args?: readonly string[];
}

async function atSecrets({
  role = 'operator',
  envFile = host.envFile,
  args = [],
}: Seat = {}): Promise<ScreenSession> {
  const member = members.get(role);
  const session = new ScreenSession(process.execPath, [program.file, ...args], {
    columns: 100,
    rows: 30,
    background: '0000/0000/0000',
    env: {
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      XDG_STATE_HOME: home,
      HQ_EMAIL: member?.email ?? '',
      HQ_PASSWORD: member?.password ?? '',
      HQ_ENV_FILE: envFile,
    },
  });
  sessions.push(session);
  await session.waitFor('● LIVE');
  session.press('6');
  await session.waitFor('[6 Secrets]');
  await session.waitFor('● LIVE');
  return session;
}

/** Fills the form in as far as its value. */
async function fillIn(session: ScreenSession, key: string): Promise<void> {
  session.press('a');
  await session.waitFor('Store a secret');
  session.press(`${key}\r`);
  await session.waitFor('nothing yet');
  await session.waitFor('ctrl-o');
}

/** The keys from the value to the last field, and enter there. */
const send = (agent = '') => `\t\t${agent}\t\t\r`;

/** Everything the program ever wrote to the terminal, as a recorder of it would have it. */
function everythingWritten(session: ScreenSession): string {
  return session.written + stripVTControlCharacters(session.written);
}

async function synced(status: 'active' | 'error', error: string | null): Promise<void> {
  await stack.database.query(
    `select secrets_synced($1, (select jsonb_agg(jsonb_build_object(
       'id', id, 'revision', revision, 'status', $2::text, 'error', $3::text)) from secrets))`,
    [gateway, status, error],
  );
}

describe('storing a secret', () => {
  it('takes what is typed unseen, and shows its way to the gateway', async () => {
    const value = plantedValue();
    const session = await atSecrets();
    await session.waitFor('No secrets yet.');
    await fillIn(session, 'GITHUB_TOKEN');
    session.press(`${value}x\u007f`);
    await session.waitFor(`${value.length} characters, not shown`);
    session.press(send());
    await session.waitFor('GITHUB_TOKEN of default stored');
    await session.waitFor(/◐ GITHUB_TOKEN +default +pending/);
    expect(await host.valuesOf('GITHUB_TOKEN')).toEqual({ '': value });
    await synced('active', null);
    await session.waitFor(/● GITHUB_TOKEN +default +active/);
    await synced('error', 'The disk is full.');
    await session.waitFor(/✕ GITHUB_TOKEN +default +error/);
    session.press('\r');
    await session.waitFor('Secrets › GITHUB_TOKEN');
    await session.waitFor('The disk is full.');
    expect(everythingWritten(session)).not.toContain(value);
    for (let at = 0; at + 8 <= value.length; at++) {
      expect(everythingWritten(session)).not.toContain(value.slice(at, at + 8));
    }
    expect(await everyRow(stack)).not.toContain(value);
  });

  it('takes a private key that is pasted whole', async () => {
    const pem = plantedPem();
    const session = await atSecrets();
    await fillIn(session, 'TLS_KEY');
    session.press(`\u001b[200~${pem.replaceAll('\n', '\r')}\r\u001b[201~`);
    await session.waitFor(/\d+ characters in 26 lines, not shown/);
    session.press(send('ada'));
    await session.waitFor('TLS_KEY of ada stored');
    expect(await host.valuesOf('TLS_KEY')).toEqual({ ada: pem });
    for (const line of pem.split('\n').slice(1, -1)) {
      expect(everythingWritten(session)).not.toContain(line.slice(0, 16));
    }
    expect(await everyRow(stack)).not.toContain(pem.split('\n')[3]);
  });

  it('reads it from a file instead', async () => {
    const value = plantedValue();
    const path = join(home, 'value');
    await writeFile(path, `${value}\n`, { mode: 0o600 });
    const session = await atSecrets();
    await fillIn(session, 'FROM_FILE');
    session.press(`\u000f${join(home, 'nowhere')}${send()}`);
    await session.waitFor('there is none');
    session.press(`\u001b[Z\u001b[Z\u001b[Z\u001b[Z\u0015${path}${send()}`);
    await session.waitFor('FROM_FILE of default stored');
    expect(await host.valuesOf('FROM_FILE')).toEqual({ '': value });
    expect(everythingWritten(session)).not.toContain(value);
  });

  it('asks for the gateway where there are two and none is selected', async () => {
    await stack.database.query("insert into gateways (slug) values ('second')");
    try {
      const value = plantedValue();
      const session = await atSecrets();
      await fillIn(session, 'ON_SECOND');
      session.press(`${value}${send()}`);
      await session.waitFor('Choose the gateway that gets it.');
      session.press('\u001b[Z\u001b[Z\u001b[Zsec');
      await session.waitFor('‹ second ›');
      session.press('\t\t\t\r');
      await session.waitFor('ON_SECOND of second stored');
      expect(await host.valuesOf('ON_SECOND')).toEqual({ '': value });
    } finally {
      await stack.database.behindTheGuard("delete from secrets where key = 'ON_SECOND'");
      await stack.database.behindTheGuard("delete from gateways where slug = 'second'");
    }
  });

  it('draws no value that is pasted or typed one field too early', async () => {
    const session = await atSecrets();
    session.press('a');
    await session.waitFor('Store a secret');
    const value = plantedValue();
    session.press(`\u001b[200~${value}\u001b[201~`);
    await session.waitFor(/It belongs/);
    session.press(`\u0015${value}`);
    await session.settled();
    for (let at = 0; at + 8 <= value.length; at++) {
      expect(everythingWritten(session)).not.toContain(value.slice(at, at + 8));
    }
  });

  it('discards nothing by one key, and keeps nothing of what was discarded', async () => {
    const session = await atSecrets();
    await fillIn(session, 'HALF');
    session.press('half a value\u001b');
    await session.waitFor('esc again discards');
    session.press('!');
    await session.waitFor('13 characters');
    session.press('\u001b');
    await session.waitFor('esc again discards');
    session.press('\u001b');
    await session.waitFor((screen) => !screen.includes('Store a secret'));
    session.press('a');
    await session.waitFor('nothing yet');
    session.press('\u001b');
    await session.waitFor((screen) => !screen.includes('Store a secret'));
    expect(await stack.database.query('select 1 from secrets')).toEqual([]);
  });

  it('says what is wrong with it, and stays', async () => {
    await host.store('TAKEN', 'one');
    const session = await atSecrets();
    await session.waitFor('TAKEN');
    await fillIn(session, 'lower');
    await session.waitFor('Is this the value?');
    session.press(`x${send()}`);
    await session.waitFor('in capitals');
    session.press('\u001b\u001b');
    await session.waitFor((screen) => !screen.includes('Store a secret'));
    await fillIn(session, 'TAKEN');
    session.press(`x${send()}`);
    await session.waitFor('There is a TAKEN already.');
    expect(await host.valuesOf('TAKEN')).toEqual({ '': 'one' });
  });
});

describe('a secret that is there', () => {
  it('is rotated, noted and deleted', async () => {
    await host.store('TOKEN', 'old');
    const session = await atSecrets();
    await session.waitFor('TOKEN');
    session.press('R');
    await session.waitFor('Another value for TOKEN of default');
    session.press('new\r');
    await session.waitFor('TOKEN of default has another value');
    await session.waitFor((screen) => !screen.includes('Another value for'));
    expect(await host.valuesOf('TOKEN')).toEqual({ '': 'new' });
    session.press('n');
    await session.waitFor('A remark on TOKEN of default');
    session.press('sk-0123456789abcdefghij\r');
    await session.waitFor('That looks like a credential');
    session.press('\u0015');
    session.press('Ask Bob first.\r');
    await session.waitFor((screen) => screen.includes('Ask Bob first.') && !screen.includes('A remark on'));
    session.press('d');
    await session.waitFor('Type TOKEN to go on:');
    session.press('TOKE\t\r');
    await session.waitFor('Type TOKEN first.');
    expect(await host.valuesOf('TOKEN')).toEqual({ '': 'new' });
    session.press('N\r');
    await session.waitFor('TOKEN of default deleted');
    await session.waitFor('No secrets yet.');
    expect(await host.valuesOf('TOKEN')).toEqual({});
  });
});

describe('whoever may not write', () => {
  it('as a viewer is told the database’s reason', async () => {
    await host.store('TOKEN', 'old');
    const session = await atSecrets({ role: 'viewer' });
    await session.waitFor('TOKEN');
    session.press('R');
    await session.waitFor('Another value for TOKEN');
    session.press('new\r');
    await session.waitFor(/operator/);
    expect(await host.valuesOf('TOKEN')).toEqual({ '': 'old' });
  });

  it('on another machine is told where to do it, before anything is typed', async () => {
    const session = await atSecrets({ envFile: join(home, 'nowhere.env') });
    session.press('a');
    await session.waitFor(/✕ There is no file .*nowhere\.env/);
    expect(session.text()).not.toContain('Store a secret');
  });

  it('with a key that the runner does not have is told so', async () => {
    await report('0123456789abcdef');
    const session = await atSecrets();
    session.press('a');
    await session.waitFor('The runner of default has another key');
  });

  it('under --readonly sends nothing', async () => {
    const session = await atSecrets({ args: ['--readonly'] });
    session.press('a');
    await session.waitFor('Read only');
  });
});

describe('while nothing answers', () => {
  it('the last state stays, and the form keeps what was typed until it gets through', {
    timeout: 90_000,
  }, async () => {
    const value = plantedValue();
    await host.store('TOKEN', 'old');
    await synced('active', null);
    const session = await atSecrets();
    await session.waitFor(/● TOKEN/);
    await fillIn(session, 'LATER');
    session.press(value);
    await session.waitFor(`${value.length} characters`);
    await stack.stopApi();
    await session.waitFor('✕ OFFLINE');
    session.press(send());
    await session.waitFor(/cannot be reached|did not answer/);
    await session.waitFor(`${value.length} characters, not shown`);
    await stack.startApi();
    await session.waitFor('● LIVE');
    session.press('\r');
    await session.waitFor('LATER of default stored');
    expect(await host.valuesOf('LATER')).toEqual({ '': value });
    expect(everythingWritten(session)).not.toContain(value);
  });
});
