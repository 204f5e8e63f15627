import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLocalApi } from '../../local/src/api/local-api.ts';
import { type StackMember, startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { type Bundled, bundled } from './bundled.ts';
import { call } from './call.ts';
import { ScreenSession } from './screen-session.ts';

/** Of an access token: a session that is revoked ends when the next one is asked for. */
const expirySeconds = 6;
const endsMs = 60_000;

let program: Bundled;
let stack: TestStack;
let member: StackMember;
let home: string;
const sessions: ScreenSession[] = [];

beforeAll(async () => {
  [program, stack] = await Promise.all([
    bundled('tui/src/main.ts'),
    startTestStack({ jwtExpirySeconds: expirySeconds }),
  ]);
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-home-'));
  member = await stack.createMember('operator');
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await rm(home, { recursive: true, force: true });
});
afterAll(async () => {
  await stack.close();
  await program.remove();
});

const environment = (): Record<string, string> => ({
  SUPABASE_URL: stack.url,
  SUPABASE_ANON_KEY: stack.anonKey,
  XDG_STATE_HOME: home,
});

function open(env: Readonly<Record<string, string>>): ScreenSession {
  const session = new ScreenSession(process.execPath, [program.file], {
    columns: 80,
    rows: 24,
    env: { ...environment(), NO_COLOR: '1', ...env },
  });
  sessions.push(session);
  return session;
}

/** Signs in by the form, opens the agents and filters them. */
async function onAgents(): Promise<ScreenSession> {
  const session = open({});
  await session.waitFor('Sign in to');
  await signIn(session);
  session.press('2');
  await session.waitFor('[2 Agents]');
  session.press('/nobody\r');
  await session.waitFor('/nobody · 0');
  return session;
}

async function signIn(session: ScreenSession, { email, password } = member): Promise<void> {
  session.press(`${email}\r${password}\r`);
  await session.waitFor('● LIVE');
}

async function sql(text: string): Promise<void> {
  await stack.database.query(text.replaceAll(':member', `'${member.id}'`));
}

/** Deletes the tokens, and those of a renewal that was under way. */
async function revoke(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await sql('delete from auth.refresh_tokens where user_id = :member');
    await delay(200);
  }
}

describe('a session that ended elsewhere', { timeout: 90_000 }, () => {
  it.each([
    ['by hq-tui logout', /Your session was ended elsewhere/, () => call(['logout'], { env: environment() })],
    ['by revoking it', /Your session was ended elsewhere/, revoke],
    [
      'with its account, which is banned',
      /Your session was ended elsewhere/,
      () => sql(`update auth.users set banned_until = 'infinity' where id = :member`),
    ],
    [
      'with its account, which is deleted',
      /ended elsewhere|is no member/,
      () => sql('delete from auth.users where id = :member'),
    ],
    ['with its membership', /is no member/, () => sql('delete from tenant_members where user_id = :member')],
  ])('%s, brings the form with the reason', async (_how, reason, end) => {
    const session = await onAgents();
    await end();
    const screen = await session.waitFor('Sign in to', endsMs);
    expect(screen.replaceAll(/\s+/g, ' ')).toMatch(reason);
  });

  it('goes on at the same place when its member signs in again, and at the first screen for another', async () => {
    const session = await onAgents();
    await revoke();
    await session.waitFor('Sign in to', endsMs);
    await signIn(session);
    await session.waitFor('[2 Agents]');
    await session.waitFor('/nobody · 0');
    await revoke();
    await session.waitFor('Sign in to', endsMs);
    await signIn(session, await stack.createMember('viewer'));
    await session.waitFor('[1 Fleet]');
  });

  it('goes on by itself with the password of the environment, until HQ refuses that', async () => {
    const session = open({ HQ_EMAIL: member.email, HQ_PASSWORD: member.password });
    await session.waitFor('● LIVE');
    session.press('2');
    await session.waitFor('[2 Agents]');
    await revoke();
    await session.waitFor('Opening', endsMs);
    await session.waitFor('[2 Agents]');
    await sql(`update auth.users set encrypted_password = 'another' where id = :member`);
    await revoke();
    await session.waitFor('The email or the password is wrong.', endsMs);
    expect(session.text()).toContain('Sign in to');
  });

  it('says of a banned account that it is banned', async () => {
    await sql(`update auth.users set banned_until = 'infinity' where id = :member`);
    const session = open({});
    await session.waitFor('Sign in to');
    session.press(`${member.email}\r${member.password}\r`);
    await session.waitFor('This account is banned.');
  });
});

describe('an HQ of this machine', { timeout: 90_000 }, () => {
  it('is found again at another port, and the same screen goes on', async () => {
    const own = await startTestStack();
    const { email, password } = await own.createMember('operator');
    const runFile = join(home, 'run.json');
    const write = (url: string) =>
      writeFile(runFile, JSON.stringify({ url, anonKey: own.anonKey, email, password, pid: process.pid }));
    await write(own.url);
    const session = open({ SUPABASE_URL: '', SUPABASE_ANON_KEY: '', HQ_RUN_FILE: runFile });
    await session.waitFor('● LIVE');
    session.press('2');
    await session.waitFor('[2 Agents]');
    await own.stopApi();
    await session.waitFor('OFFLINE', endsMs);
    const moved = await startLocalApi({ databaseUrl: own.database.url, keys: own, port: 0 });
    await write(moved.url);
    await session.waitFor('● LIVE', endsMs);
    expect(session.text()).toContain('[2 Agents]');
    await session.close();
    await moved.close();
    await own.startApi();
    await own.close();
  });
});

/** The API behind a gateway that can refuse renewals for a while. */
async function behindGateway(): Promise<{
  url: string;
  server: Server;
  /** Renewals get this status, from the server or as a page of a proxy; 0 ends that. */
  refuseWith: (status: number, type?: 'application/json' | 'text/html') => void;
}> {
  let refusal = 0;
  let refusalType = 'application/json';
  const server = createServer(async (request, response) => {
    if (refusal !== 0 && request.url?.includes('grant_type=refresh_token')) {
      response.writeHead(refusal, { 'content-type': refusalType });
      response.end(
        refusalType === 'text/html' ? '<h1>No</h1>' : JSON.stringify({ code: refusal, msg: 'No' }),
      );
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (!['host', 'connection', 'content-length', 'transfer-encoding'].includes(name))
        headers.set(name, String(value));
    const { method = 'GET' } = request;
    const answer = await fetch(`${stack.url}${request.url}`, {
      method,
      headers,
      ...(method === 'GET' || method === 'HEAD' ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
    });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.on('upgrade', (_request, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    refuseWith(status, type = 'application/json') {
      refusal = status;
      refusalType = type;
    },
  };
}

describe('a session whose token expires', { timeout: 90_000 }, () => {
  it('is renewed without a word', async () => {
    const session = await onAgents();
    await delay(expirySeconds * 2_000);
    session.press('r');
    await session.waitFor('● LIVE');
    expect(session.text()).toContain('[2 Agents]');
  });

  it.each([
    ['because there were too many', 429, 'application/json'],
    ['by a page of a proxy', 403, 'text/html'],
    ['by a page that asks for a sign-in to the network', 200, 'text/html'],
  ] as const)('has not ended while its renewal is refused %s', async (_why, status, type) => {
    const { url, server, refuseWith } = await behindGateway();
    const session = open({ SUPABASE_URL: url });
    await session.waitFor('Sign in to');
    session.press(`${member.email}\r${member.password}\r`);
    await session.waitFor('[1 Fleet]');
    await session.waitFor('default');
    refuseWith(status, type);
    await session.waitFor('OFFLINE', endsMs);
    expect(session.text()).toContain('default');
    refuseWith(0);
    await session.waitFor(/LIVE|POLLING/, endsMs);
    expect(session.text()).toContain('[1 Fleet]');
    server.closeAllConnections();
    server.close();
  });
});
