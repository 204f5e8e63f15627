import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
    );
    const { code, stdout, stderr } = await call(['status'], { env: { ...nowhere(), XDG_STATE_HOME: state } });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^hq-tui: 127\.0\.0\.1:9 [^\n]*\n[^\n]*\n$/);
  });
});
