import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type CallResult, call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, viewer, home, nowhere, signedOut, as } = cli;
afterAll(cli.close);

describe('signing in', () => {
  const login = (password: string): Promise<CallResult> =>
    call(['login', '--email', viewer.email], { env: signedOut(), input: `${password}\n` });

  it('stores the session for the next call until logout', async () => {
    const { code, stderr, stdout } = await login(viewer.password);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('vera@example.test (viewer)');
    const file = join(home, 'state', 'hq', 'login.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain(viewer.password);

    const who = await call(['whoami', '--json'], { env: nowhere() });
    expect(JSON.parse(who.stdout)).toMatchObject({
      email: viewer.email,
      role: 'viewer',
      host: new URL(stack.url).host,
    });

    expect((await call(['logout'], { env: nowhere() })).code).toBe(0);
    expect((await call(['whoami'], { env: nowhere() })).code).toBe(3);
  });

  it('is ended by logout at the server and here', async () => {
    await login(viewer.password);
    const file = join(home, 'state', 'hq', 'login.json');
    const { session } = JSON.parse(await readFile(file, 'utf8')).session;
    const out = await call(['logout'], { env: signedOut() });
    expect(out).toEqual({ code: 0, stdout: '', stderr: 'Signed out.\n' });
    await expect(stat(file)).rejects.toThrow('ENOENT');
    for (const env of [nowhere(), signedOut()]) {
      const who = await call(['whoami'], { env });
      expect(who).toMatchObject({ code: 3, stdout: '' });
    }
    const renewed = await fetch(`${stack.url}/auth/v1/token?grant_type=refresh_token`, {
      method: 'POST',
      headers: { apikey: stack.anonKey, 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: JSON.parse(session).refresh_token }),
    });
    expect(renewed.status).toBe(400);
  });

  it('by the environment is named by whoami and by logout', async () => {
    const who = await call(['whoami'], { env: as(viewer) });
    expect(who.stdout).toMatch(/^vera@example\.test \(viewer\) in .*, by HQ_EMAIL and HQ_PASSWORD\n$/);
    const out = await call(['logout'], { env: as(viewer) });
    expect(out.stderr).toContain('HQ_EMAIL and HQ_PASSWORD sign in all the same');
  });

  it('by the HQ that runs here is ended by logout too, and comes back with login', async () => {
    const run = join(home, 'run.json');
    const { url, anonKey } = stack;
    const { email, password } = viewer;
    await writeFile(run, JSON.stringify({ pid: process.pid, url, anonKey, email, password }), {
      mode: 0o600,
    });
    const env = { ...nowhere(), XDG_STATE_HOME: join(home, 'local'), HQ_RUN_FILE: run };
    const who = () => call(['whoami'], { env });
    expect((await who()).stdout).toContain('(viewer) in Default at');
    expect((await call(['logout'], { env })).code).toBe(0);
    expect(await who()).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('Nobody is signed in'),
    });
    expect(await call(['login'], { env })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('as vera@example.test (viewer)'),
    });
    expect((await who()).stdout).toContain('by hq-tui login');
    expect((await call(['logout'], { env })).code).toBe(0);
    expect((await who()).code).toBe(3);
  });

  it('reports a wrong password without repeating it', async () => {
    const { code, stderr } = await login('not-the-password');
    expect(code).toBe(3);
    expect(stderr).toContain('wrong');
    expect(stderr).not.toContain('not-the-password');
  });

  it('demands a password on standard input without a terminal', async () => {
    const { code, stderr } = await login('');
    expect(code).toBe(2);
    expect(stderr).toContain('password');
  });

  it('demands a new sign-in when the session has ended', async () => {
    await login(viewer.password);
    await stack.database.behindTheGuard('delete from auth.refresh_tokens');
    await stack.database.behindTheGuard('delete from auth.sessions');
    const file = join(home, 'state', 'hq', 'login.json');
    const stored = JSON.parse(await readFile(file, 'utf8'));
    const session = JSON.parse(stored.session.session);
    await writeFile(
      file,
      JSON.stringify({ ...stored, session: { session: JSON.stringify({ ...session, expires_at: 1 }) } }),
    );
    const { code, stderr } = await call(['status'], { env: nowhere() });
    expect(code).toBe(3);
    expect(stderr).toContain('hq-tui login');
  });

  it('refuses a user who is no member', async () => {
    const nobody = await stack.createMember(null);
    const { code, stderr } = await call(['status'], { env: as(nobody) });
    expect(code).toBe(3);
    expect(stderr).toContain('no member');
  });
});

describe('a stored sign-in whose HQ cannot be reached', () => {
  it('is reported in one sentence, though its token has expired', async () => {
    const state = join(home, 'away');
    const session = {
      access_token: 'a',
      refresh_token: 'r',
      expires_at: 1,
      expires_in: 1,
      token_type: 'bearer',
      user: { id: 'u' },
    };
    await mkdir(join(state, 'hq'), { recursive: true });
    await writeFile(
      join(state, 'hq', 'login.json'),
      JSON.stringify({
        url: 'http://127.0.0.1:9',
        anonKey: 'k',
        session: { session: JSON.stringify(session) },
      }),
      { mode: 0o600 },
    );
    const { code, stdout, stderr } = await call(['status'], { env: { ...nowhere(), XDG_STATE_HOME: state } });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^hq-tui: 127\.0\.0\.1:9 [^\n]*\n[^\n]*\n$/);
  });
});

describe('a login file that is of no use', () => {
  const environments = {
    'nothing else is known': nowhere,
    'SUPABASE_URL is set': signedOut,
  };
  const faults = {
    'is empty': async (folder: string) => writeFile(join(folder, 'login.json'), '', { mode: 0o600 }),
    'can be read by others': async (folder: string) => {
      const login = { url: stack.url, anonKey: stack.anonKey, session: {} };
      await writeFile(join(folder, 'login.json'), JSON.stringify(login), { mode: 0o644 });
    },
    'is a folder': async (folder: string) => mkdir(join(folder, 'login.json')),
    'is in a folder that is a file': async (folder: string) => {
      await rm(folder, { recursive: true });
      await writeFile(folder, '');
    },
  };

  for (const [where, environment] of Object.entries(environments)) {
    it.each(Object.entries(faults))(
      `ends a call with 2 and two lines where it %s and ${where}`,
      async (_name, spoil) => {
        const state = await mkdtemp(join(home, 'state-'));
        await mkdir(join(state, 'hq'), { mode: 0o700 });
        await spoil(join(state, 'hq'));
        const child = spawn(
          process.execPath,
          [fileURLToPath(new URL('../../main.ts', import.meta.url)), 'status'],
          {
            env: { ...environment(), XDG_STATE_HOME: state },
          },
        );
        const [stderr, code] = await Promise.all([
          readText(child.stderr),
          new Promise((resolve) => child.on('close', resolve)),
        ]);
        expect({ code, lines: stderr.trimEnd().split('\n').length }, stderr).toEqual({ code: 2, lines: 2 });
        expect(stderr).toMatch(/^hq-tui: The login file .*\/hq\/login\.json /);
      },
    );
  }

  it('is reported where it cannot be written or removed', async () => {
    const state = await mkdtemp(join(home, 'state-'));
    await writeFile(join(state, 'hq'), '');
    const env = { ...signedOut(), XDG_STATE_HOME: state };
    const login = await call(['login', '--email', viewer.email], { env, input: `${viewer.password}\n` });
    expect(login.code).toBe(2);
    expect(login.stderr).toMatch(/^hq-tui: The login file .* cannot be .*\n[^\n]+\n$/);
    const logout = await call(['logout'], { env });
    expect(logout.code).toBe(2);
    expect(logout.stderr).toMatch(/^hq-tui: The login file .* cannot be .*\n[^\n]+\n$/);
  });
});
