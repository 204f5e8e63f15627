import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StackMember, startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import type { ErrorCode } from '../errors.ts';
import { HqError } from '../errors.ts';
import { connect, type HqClient } from './connect.ts';
import { fileStorage, readLogin, removeLogin } from './login-file.ts';
import type { SessionStorage } from './session-storage.ts';

let stack: TestStack;
let operator: StackMember;
let viewer: StackMember;
let folder: string;

beforeAll(async () => {
  stack = await startTestStack({ jwtExpirySeconds: 3600 });
  operator = await stack.createMember('operator');
  viewer = await stack.createMember('viewer');
  folder = await mkdtemp(join(tmpdir(), 'hq-login-'));
});
afterAll(async () => {
  await stack.close();
  await rm(folder, { recursive: true });
});

function client(storage?: SessionStorage): HqClient {
  return connect({
    url: stack.url,
    anonKey: stack.anonKey,
    timeoutMs: 5_000,
    ...(storage === undefined ? {} : { storage }),
  });
}

async function signedIn(member: StackMember, storage?: SessionStorage): Promise<HqClient> {
  const hq = client(storage);
  await hq.signIn(member.email, member.password);
  return hq;
}

interface Stored {
  readonly refresh_token: string;
  readonly expires_at: number;
}

async function readStored(path: string): Promise<Stored> {
  return JSON.parse(JSON.parse(await readFile(path, 'utf8')).session.session);
}

async function writeStored(path: string, session: Stored): Promise<void> {
  const login = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...login, session: { session: JSON.stringify(session) } }));
}

async function faultOf(promise: Promise<unknown>): Promise<HqError> {
  const error = await promise.then(
    () => null,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(HqError);
  return error instanceof HqError ? error : new HqError('failed', 'no error came');
}

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode> {
  return (await faultOf(promise)).code;
}

describe('signing in', () => {
  it('returns the member, their tenant and their role', async () => {
    const hq = await signedIn(viewer);
    expect(await hq.whoami()).toMatchObject({ user_id: viewer.id, email: viewer.email, role: 'viewer' });
  });

  it('fails for a wrong password without repeating it', async () => {
    const fault = await faultOf(client().signIn(viewer.email, 'hunter2-wrong'));
    expect(fault.code).toBe('unauthenticated');
    expect(JSON.stringify([fault.message, fault.hint])).not.toContain('hunter2');
  });

  it('gives a user who is no member the role null', async () => {
    const stranger = await stack.createMember(null);
    expect((await (await signedIn(stranger)).whoami()).role).toBeNull();
  });

  it('requires a sign-in', async () => {
    expect(await codeOf(client().whoami())).toBe('unauthenticated');
  });

  it('fails for an unknown anon key', async () => {
    const hq = connect({ url: stack.url, anonKey: 'sb_publishable_nobody' });
    expect(await codeOf(hq.signIn(viewer.email, viewer.password))).toBe('unauthenticated');
  });
});

describe('a command', () => {
  it('is enqueued once for each idempotency key', async () => {
    const hq = await signedIn(operator);
    const request = { action: 'ping', idempotencyKey: 'once', origin: 'cli' } as const;
    const first = await hq.enqueue(request);
    expect(first).toMatchObject({
      created: true,
      command: { action: 'ping', status: 'pending', origin: 'cli' },
    });
    const second = await hq.enqueue(request);
    expect(second).toMatchObject({ created: false, command: { id: first.command.id } });
  });

  it('is refused to a viewer with the database’s reason', async () => {
    const hq = await signedIn(viewer);
    const fault = await faultOf(hq.enqueue({ action: 'restart_gateway', origin: 'cli' }));
    expect(fault.code).toBe('refused');
    expect(fault.message).toContain('operator');
  });

  it('fails with the name of an invalid field', async () => {
    const hq = await signedIn(operator);
    const fault = await faultOf(
      hq.enqueue({ action: 'tail_logs', payload: { lines: 'many' }, origin: 'cli' }),
    );
    expect(fault).toMatchObject({ code: 'usage', field: expect.stringContaining('lines') });
  });

  it.each([
    ['a gateway that is not there', { action: 'ping', gateway: 'nowhere', origin: 'cli' }, 'not_found'],
    [
      'a key that was used for something else',
      { action: 'stack_status', idempotencyKey: 'once', origin: 'cli' },
      'conflict',
    ],
  ] as const)('refuses %s', async (_what, request, code) => {
    expect(await codeOf((await signedIn(operator)).enqueue(request))).toBe(code);
  });

  it('is cancelled while it is pending', async () => {
    const hq = await signedIn(operator);
    const { command } = await hq.enqueue({ action: 'ping', origin: 'cli' });
    expect((await hq.cancel(command.id, 'cli')).status).toBe('cancelled');
    expect(await codeOf(hq.cancel('00000000-0000-4000-8000-000000000000', 'cli'))).toBe('not_found');
  });
});

describe('a session', () => {
  it('has ended for a member whose user is gone', async () => {
    const gone = await stack.createMember('viewer');
    const hq = await signedIn(gone);
    await stack.database.behindTheGuard('delete from public.tenant_members where user_id = $1', [gone.id]);
    expect((await hq.whoami()).role).toBeNull();
    expect(await codeOf(hq.enqueue({ action: 'stack_status', origin: 'cli' }))).toBe('refused');
  });

  it('is renewed when the database calls the token expired, even if the local clock is slow', async () => {
    const brief = await startTestStack({ jwtExpirySeconds: 2 });
    try {
      const member = await brief.createMember('viewer');
      const kept = new Map<string, string>();
      const storage: SessionStorage = {
        getItem: async (key) => {
          const stored = kept.get(key);
          if (stored === undefined) return null;
          // A clock that is an hour slow takes the token for good.
          return JSON.stringify({ ...JSON.parse(stored), expires_at: Math.floor(Date.now() / 1000) + 3600 });
        },
        setItem: async (key, value) => void kept.set(key, value),
        removeItem: async (key) => void kept.delete(key),
      };
      const hq = connect({ url: brief.url, anonKey: brief.anonKey, storage });
      await hq.signIn(member.email, member.password);
      const first = kept.get('session');
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect((await hq.whoami()).user_id).toBe(member.id);
      expect(kept.get('session')).not.toBe(first);
      await hq.close();
    } finally {
      await brief.close();
    }
  });
});

describe('the database’s clock', () => {
  it('is known to a second or so after whoami', async () => {
    const hq = await signedIn(viewer);
    expect(hq.clock.offset()).toBeNull();
    await hq.whoami();
    const [row] = await stack.database.query<{ now: Date }>('select clock_timestamp() as now');
    expect(Math.abs(hq.clock.now() - (row?.now.getTime() ?? 0))).toBeLessThan(1_000);
  });
});

describe('an HQ that cannot be reached', () => {
  it('is named by its host, never by its keys', async () => {
    const hq = connect({ url: 'http://someone:secret@127.0.0.1:9', anonKey: 'sb_publishable_secret' });
    for (const attempt of [hq.signIn('a@example.test', 'geheim'), hq.whoami()]) {
      const fault = await faultOf(attempt);
      expect(fault.code).toBe('unreachable');
      expect(fault.message).toContain('127.0.0.1:9');
      expect(JSON.stringify([fault.message, fault.hint])).not.toMatch(/secret|geheim/);
    }
  });

  it('is given up after the time limit when it accepts and stays silent', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      const address = silent.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const hq = connect({ url: `http://127.0.0.1:${port}`, anonKey: 'sb_publishable_x', timeoutMs: 200 });
      const fault = await faultOf(hq.whoami());
      expect(fault.code).toBe('unreachable');
      expect(fault.message).toContain('in time');
    } finally {
      silent.close();
    }
  });

  it('comes back by itself', async () => {
    const hq = await signedIn(viewer);
    await stack.stopApi();
    const code = await codeOf(hq.whoami()).finally(() => stack.startApi());
    expect(code).toBe('unreachable');
    expect((await hq.whoami()).user_id).toBe(viewer.id);
  });

  it.each(['hq.example.org', 'ftp://hq.example.org', ''])(
    'is a usage error when its address is “%s”',
    (url) => {
      expect(() => connect({ url, anonKey: 'x' })).toThrow(HqError);
    },
  );
});

describe('the login file', () => {
  it('keeps the session for the next program, readable by its owner alone', async () => {
    const path = join(folder, 'state', 'login.json');
    const storage = fileStorage(path, stack.url, stack.anonKey);
    const first = await signedIn(operator, storage);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
    expect(await readFile(path, 'utf8')).not.toContain(operator.password);
    expect(await readLogin(path)).toEqual({ url: stack.url, anonKey: stack.anonKey });
    const second = client(fileStorage(path, stack.url, stack.anonKey));
    expect((await second.whoami()).user_id).toBe(operator.id);
    await first.signOut();
    expect(await second.hasSession()).toBe(false);
    await removeLogin(path);
    expect(await readLogin(path)).toBeNull();
  });

  it('is renewed once, and for all, when several programs find its token expired at once', async () => {
    const path = join(folder, 'shared', 'login.json');
    const open = (): HqClient => client(fileStorage(path, stack.url, stack.anonKey));
    await signedIn(viewer, fileStorage(path, stack.url, stack.anonKey));
    for (let round = 0; round < 5; round += 1) {
      const before = await readStored(path);
      await writeStored(path, { ...before, expires_at: 1 });
      const programs = Array.from({ length: 4 }, open);
      const members = await Promise.all(programs.map((hq) => hq.whoami()));
      expect(members.map((member) => member.user_id)).toEqual(Array.from({ length: 4 }, () => viewer.id));
      const after = await readStored(path);
      expect(after.refresh_token).not.toBe(before.refresh_token);
      expect(after.expires_at).toBeGreaterThan(Date.now() / 1000);
      for (const hq of programs) await hq.close();
    }
  });

  it('gives no session to another HQ', async () => {
    const path = join(folder, 'other', 'login.json');
    await signedIn(operator, fileStorage(path, stack.url, stack.anonKey));
    const elsewhere = fileStorage(path, 'https://elsewhere.example.org', 'sb_publishable_other');
    expect(await elsewhere.getItem('session')).toBeNull();
  });

  it('is left as it was by a sign-in that failed', async () => {
    const path = join(folder, 'kept', 'login.json');
    const storage = fileStorage(path, stack.url, stack.anonKey);
    await signedIn(operator, storage);
    const before = await readFile(path, 'utf8');
    await client(storage)
      .signIn(operator.email, 'wrong')
      .catch(() => undefined);
    expect(await readFile(path, 'utf8')).toBe(before);
  });
});
