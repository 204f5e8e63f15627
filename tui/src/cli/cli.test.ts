import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { nilTenant } from '../../../db/testing/database.ts';
import { claimOne, exchange, expireLease } from '../../../db/testing/exchange.ts';
import { type StackMember, startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { type CallOptions, type CallResult, call } from '../../testing/call.ts';

let stack: TestStack;
let operator: StackMember;
let viewer: StackMember;
let home: string;
let gateway: string;

beforeAll(async () => {
  stack = await startTestStack();
  operator = await stack.createMember('operator', { email: 'olga@example.test' });
  viewer = await stack.createMember('viewer', { email: 'vera@example.test' });
  home = await mkdtemp(join(tmpdir(), 'hq-cli-'));
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
});
afterAll(async () => {
  await stack.close();
  await rm(home, { recursive: true });
});

const service = (name: string, health: string) => ({
  name,
  health,
  startedAt: null,
  version: null,
  restarts: 0,
});

/** Nothing of this machine's own logins and stacks. */
const nowhere = (): Record<string, string> => ({
  HOME: home,
  XDG_STATE_HOME: join(home, 'state'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
});

function as(member: StackMember): Record<string, string> {
  return {
    ...nowhere(),
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.anonKey,
    HQ_EMAIL: member.email,
    HQ_PASSWORD: member.password,
  };
}

const asOperator = (args: readonly string[], more: Omit<CallOptions, 'env'> = {}): Promise<CallResult> =>
  call(args, { ...more, env: as(operator) });

const enqueued = z.object({
  command: z.looseObject({ id: z.string(), status: z.string() }),
  created: z.boolean(),
});

async function ask(...args: string[]): Promise<string> {
  const { stdout } = await asOperator(['run', ...args, '--json']);
  return enqueued.parse(JSON.parse(stdout)).command.id;
}

describe('what needs no HQ', () => {
  it('prints its version and its help on standard output', async () => {
    expect(await call(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
    const help = await call(['run', 'tail_logs', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('lines=<integer>');
  });

  it.each([
    [['--nonsense'], /nonsense/],
    [['gatewais'], /gatewais/],
    [['run', 'explode'], /explode/],
    [['run', 'tail_logs', '--yes', '--set', 'lines=many'], /lines.*many/],
    [['run', 'tail_logs', '--yes', '--set', 'lines=5000'], /lines/],
    [['run', 'tail_logs', '--yes', '--set', 'depth=3'], /depth/],
    [['run', 'tail_logs', '--yes', '--set', 'lines=1', '--set', 'lines=2'], /lines.*twice/],
    [['run', 'ping', '--wait', '--timeout', '-3'], /timeout/],
    [['run', 'ping', '--timeout', '3'], /timeout/],
    [['commands', '--status', 'odd'], /odd/],
    [['watch'], /id/],
    [['completion', 'tcsh'], /tcsh/],
  ])('ends %j with 2 and says why, with nothing on standard output', async (args, reason) => {
    const { code, stdout, stderr } = await call(args, { env: nowhere() });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(reason);
  });

  it('says what to do when no HQ is known', async () => {
    const { code, stdout, stderr } = await call(['status'], { env: nowhere() });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('hq-tui login');
  });

  it('refuses half a configuration', async () => {
    const { code, stderr } = await call(['status'], {
      env: { ...nowhere(), SUPABASE_URL: 'http://127.0.0.1:9' },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('SUPABASE_ANON_KEY');
  });

  it('demands --yes for a disruptive action without a terminal', async () => {
    const { code, stderr } = await call(['run', 'restart_gateway'], { env: nowhere() });
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
  });

  it('refuses every change with --readonly', async () => {
    for (const args of [
      ['run', 'ping'],
      ['cancel', '0000'],
    ]) {
      expect((await call(['--readonly', ...args], { env: nowhere() })).code).toBe(3);
    }
  });
});

describe('the lists', () => {
  beforeEach(async () => {
    await exchange(stack.database, {
      gateway,
      beat: { version: '1.2.3', services: [service('gateway', 'healthy')] },
    });
  });

  it('print the status as text, and that nothing needs attention', async () => {
    const { code, stdout, stderr } = await asOperator(['status']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('olga@example.test (operator)');
    expect(stdout).toMatch(/default\s+healthy\s+now/);
    expect(stdout).toContain('gateway healthy');
    expect(stdout).not.toContain('\u001b');
  });

  it('print the status as text when there is no terminal for the screens', async () => {
    const { code, stdout, stderr } = await asOperator([]);
    expect(code).toBe(0);
    expect(stderr).toContain('not a terminal');
    expect(stdout).toMatch(/default\s+healthy/);
  });

  it('print documents of a stable shape', async () => {
    const { stdout } = await asOperator(['gateways', '--json']);
    const { asOf, gateways } = JSON.parse(stdout);
    expect(Number.isNaN(Date.parse(asOf))).toBe(false);
    expect(gateways).toEqual([
      {
        id: gateway,
        slug: 'default',
        label: 'Primary gateway',
        status: 'ready',
        condition: 'healthy',
        lastSeenAt: expect.any(String),
        lastSeenSeconds: expect.any(Number),
        version: '1.2.3',
        runner: null,
        services: [service('gateway', 'healthy')],
      },
    ]);
  });

  it('never show a stale gateway as healthy', async () => {
    const far = await stack.database.addGateway('far-away');
    await stack.database.behindTheGuard(
      "update gateways set status = 'ready', last_seen_at = clock_timestamp() - interval '5 minutes' where id = $1",
      [far],
    );
    const { stdout } = await asOperator(['status', '--json']);
    const status = JSON.parse(stdout);
    expect(status.gateways).toContainEqual(expect.objectContaining({ slug: 'far-away', condition: 'stale' }));
    expect(status.attention).toEqual([
      expect.objectContaining({ kind: 'stale-gateway', name: 'far-away', reason: 'last seen 5m ago' }),
    ]);
    expect((await asOperator(['gateways'])).stdout).toMatch(/far-away\s+stale\s+5m/);
    await stack.database.query('delete from gateways where id = $1', [far]);
  });

  it('filter commands by status, age, number and target', async () => {
    const id = await ask('ping');
    await ask('stack_status');
    const newest = JSON.parse((await asOperator(['commands', '--json', '--limit', '1'])).stdout);
    expect(newest.commands).toHaveLength(1);
    expect(newest.commands[0]).toMatchObject({ action: 'stack_status', gateway: 'default', origin: 'cli' });
    await asOperator(['cancel', id]);
    const cancelled = JSON.parse((await asOperator(['commands', '--json', '--status', 'cancelled'])).stdout);
    expect(cancelled.commands.map((command: { id: string }) => command.id)).toContain(id);
    const old = await asOperator(['commands', '--since', '2020-01-01', '--gateway', 'default']);
    expect(old.stdout).toMatch(/ID\s+ACTION/);
    const nobody = await asOperator(['commands', '--gateway', 'nowhere']);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('Known: default');
  });

  it('remove escape sequences from names', async () => {
    await stack.database.addAgent('hostile', gateway);
    await stack.database.query('update agents set name = $1', ['\u001b]0;owned\u0007\u202eevil\u001b[2J']);
    const { stdout } = await asOperator(['agents']);
    expect(stdout).toMatch(/hostile .*evil/);
    for (const trick of ['\u001b', '\u0007', '\u202e']) expect(stdout).not.toContain(trick);
  });

  it('are open to a viewer, and contain no rows of another tenant', async () => {
    expect((await call(['audit', '--json'], { env: as(viewer) })).code).toBe(0);
    const tenant = await stack.database.addTenant('elsewhere');
    const stranger = await stack.createMember('admin', { tenant: tenant.id });
    const { stdout } = await call(['commands', '--json'], { env: as(stranger) });
    expect(JSON.parse(stdout).commands).toEqual([]);
  });
});

describe('the program as a process', () => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));

  it('reads its input from a pipe, keeps data and messages apart, and ends with the code of the call', async () => {
    const child = spawn(process.execPath, [main, 'login', '--email', viewer.email], {
      env: {
        ...nowhere(),
        XDG_STATE_HOME: join(home, 'piped'),
        SUPABASE_URL: stack.url,
        SUPABASE_ANON_KEY: stack.anonKey,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end('not-the-password\n');
    const [stdout, stderr, code] = await Promise.all([
      readText(child.stdout),
      readText(child.stderr),
      new Promise((resolve) => child.on('close', resolve)),
    ]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('wrong');
  });

  it('ends with 0 and without a message when its reader closes the pipe', async () => {
    const child = spawn(process.execPath, [main, 'audit'], {
      env: as(operator),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const [stderr, code] = await Promise.all([
      readText(child.stderr),
      new Promise((resolve) => child.on('close', resolve)),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('run', () => {
  it('prints the id at once, and the same one for the same idempotency key', async () => {
    const first = await asOperator(['run', 'ping', '--idempotency-key', 'k1']);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f-]{36} pending\n$/) });
    const second = await asOperator(['run', 'ping', '--idempotency-key', 'k1']);
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).toContain('earlier command');
    const other = await asOperator(['run', 'stack_status', '--idempotency-key', 'k1']);
    expect(other.code).toBe(3);
  });

  it('prints the result of an action of the database at once', async () => {
    const made = await asOperator(['run', 'create_task', '--set', 'title=Write the letter']);
    expect(made).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^task [0-9a-f]{8} for nobody yet\n$/),
      stderr: '',
    });
    const id = made.stdout.split(' ')[1] ?? '';
    const done = await asOperator([
      'run',
      'set_task_status',
      '--set',
      `task=${id}`,
      '--set',
      'status=done',
      '--wait',
    ]);
    expect(done).toMatchObject({ code: 0, stdout: `task ${id} is done\n` });
    const { stdout } = await asOperator(['commands', '--json', '--limit', '1']);
    expect(JSON.parse(stdout)).toMatchObject({
      commands: [{ action: 'set_task_status', gateway: null, status: 'done' }],
    });
    expect((await asOperator(['run', 'create_task', '--gateway', 'default'])).code).toBe(2);
    expect((await asOperator(['run', 'pause_agent'])).stderr).toContain('needs an agent');
  });

  it('shows a viewer the reason of the database, and ends with 3', async () => {
    const { code, stdout, stderr } = await call(['run', 'restart_gateway', '--yes'], { env: as(viewer) });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('needs the role operator; yours is viewer');
  });

  it('waits, with output on standard error and the result on standard output', async () => {
    await clearQueue();
    const waiting = asOperator(['run', 'tail-logs', '--set', 'lines=2', '--wait', '--timeout', '30']);
    const command = await whenClaimed();
    const token = command.lease_token;
    await exchange(stack.database, {
      gateway,
      output: [{ token, seq: 0, stream: 'stdout', text: 'first \u001b[31mline\u001b[0m\n' }],
      progress: [{ token, percent: 50, note: 'half way' }],
    });
    await exchange(stack.database, {
      gateway,
      output: [{ token, seq: 1, stream: 'stderr', text: 'second line\n' }],
      results: [{ token, status: 'done', exit_code: 0, result: { service: 'gateway', lines: 2 } }],
    });
    const { code, stdout, stderr } = await waiting;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 lines of gateway\n' });
    expect(stderr).toMatch(/^first line\n(.*\n)*second line$/m);
  });

  it('ends with 1 and the reason when the command fails', async () => {
    await clearQueue();
    const waiting = asOperator(['run', 'restart_gateway', '--yes', '--wait', '--json']);
    const { lease_token: token } = await whenClaimed();
    await exchange(stack.database, {
      gateway,
      results: [{ token, status: 'failed', exit_code: 1, error_message: 'never became healthy' }],
    });
    const { code, stdout, stderr } = await waiting;
    expect(code).toBe(1);
    expect(stderr).toContain('never became healthy');
    expect(JSON.parse(stdout).command).toMatchObject({ status: 'failed', exitCode: 1 });
  });

  describe('a result that does not fit the schema of its action', () => {
    afterEach(() => vi.unstubAllEnvs());

    async function pingWith(result: unknown, ...options: string[]): Promise<CallResult> {
      await clearQueue();
      const waiting = asOperator(['run', 'ping', '--wait', ...options]);
      const { lease_token: token } = await whenClaimed();
      await exchange(stack.database, { gateway, results: [{ token, status: 'done', exit_code: 0, result }] });
      return waiting;
    }

    it('is an error in tests', async () => {
      const { code, stderr } = await pingWith({ runner: 7 });
      expect(code).toBe(1);
      expect(stderr).toContain('The result of ping does not fit its schema: runner: ');
    });

    it('is printed as JSON in production, with a note', async () => {
      vi.stubEnv('NODE_ENV', 'production');
      const { code, stdout, stderr } = await pingWith({ runner: 7 });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '{"runner":7}\n' });
      expect(stderr).toMatch(/The result of ping does not fit its schema: .*printed as JSON/);
    });

    it('has a note beside the document of --json', async () => {
      vi.stubEnv('NODE_ENV', 'production');
      const { stdout, stderr } = await pingWith({ runner: 7 }, '--json');
      expect(JSON.parse(stdout)).toMatchObject({ command: { result: { runner: 7 }, outcome: null } });
      expect(stderr).toContain('does not fit its schema');
    });
  });

  it('ends with 6 when the command is cancelled meanwhile', async () => {
    await clearQueue();
    const id = await ask('ping');
    const watching = asOperator(['watch', id]);
    await asOperator(['cancel', id.slice(0, 8)]);
    const { code, stdout } = await watching;
    expect({ code, stdout }).toEqual({ code: 6, stdout: `${id} cancelled\n` });
  });

  it('ends with 5 at its time limit, and says how to continue', async () => {
    await clearQueue();
    const { code, stdout, stderr } = await asOperator(['run', 'ping', '--wait', '--timeout', '1']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(/hq-tui watch [0-9a-f-]{36}/);
  });

  it('continues to wait while the API is down, and misses nothing', async () => {
    await clearQueue();
    const id = await ask('ping');
    let wasAway = false;
    const away = Promise.withResolvers<void>();
    const watching = asOperator(['watch', id, '--timeout', '60'], {
      onStderr: (soFar) => {
        if (soFar.includes('pending') && !wasAway) {
          wasAway = true;
          stack.stopApi().then(away.resolve, away.reject);
        }
      },
    });
    await away.promise;
    const { lease_token: token } = await claimOne(stack.database, gateway);
    await exchange(stack.database, {
      gateway,
      output: [{ token, seq: 0, stream: 'stdout', text: 'written while away\n' }],
      results: [{ token, status: 'done', exit_code: 0, result: { runner: 'runner-1' } }],
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await stack.startApi();
    const { code, stdout, stderr } = await watching;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'answered by runner-1\n' });
    expect(stderr).toContain('written while away');
  });

  it('ends with 2 for a command that does not exist', async () => {
    const { code, stderr } = await asOperator(['watch', '00000000-0000-4000-8000-000000000000']);
    expect(code).toBe(2);
    expect(stderr).toContain('no command');
  });

  it('reports a command whose runner is lost', async () => {
    await clearQueue();
    const id = await ask('ping');
    await claimOne(stack.database, gateway);
    await expireLease(stack.database, id);
    const { stdout } = await asOperator(['status', '--json']);
    expect(JSON.parse(stdout).attention).toContainEqual(expect.objectContaining({ kind: 'runner-lost', id }));
  });

  async function clearQueue(): Promise<void> {
    await stack.database.behindTheGuard('delete from public.agent_commands');
    await stack.database.behindTheGuard('delete from public.notifications');
  }

  async function whenClaimed() {
    for (;;) {
      const { claimed } = await exchange(stack.database, { gateway, claim: 1 });
      const [command] = claimed;
      if (command !== undefined) return command;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

describe('signing in', () => {
  const signedOut = (): Record<string, string> => ({
    ...nowhere(),
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.anonKey,
  });
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

describe('an HQ that cannot be reached', () => {
  let silent: Server;
  beforeAll(async () => {
    silent = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => silent.close());

  it('ends with 4, and names the host and no key', async () => {
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const env = { ...as(operator), SUPABASE_URL: `http://127.0.0.1:${port}` };
    const { code, stdout, stderr } = await call(['status'], { env });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`127.0.0.1:${port}`);
    expect(stderr).not.toContain(stack.anonKey);
    expect(stderr).not.toContain(operator.password);
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

describe('completion', () => {
  const complete = async (...words: string[]): Promise<string[]> =>
    (await asOperator(['complete', '--', ...words])).stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0] ?? '');

  it('offers commands, actions, options, fields and gateways', async () => {
    expect(await complete('com')).toEqual(['commands', 'completion']);
    expect(await complete('run', 'restart_')).toEqual(['restart_gateway', 'restart_dispatcher']);
    expect(await complete('run', 'ping', '--w')).toEqual(['--wait']);
    expect(await complete('run', 'tail_logs', '--set', '')).toEqual(['service=', 'lines=']);
    expect(await complete('commands', '--status', 'pe')).toEqual(['pending']);
    expect(await complete('run', 'ping', '--gateway', '')).toEqual(['default']);
  });

  it('offers nothing, without an error, when the HQ cannot be reached', async () => {
    const env = { ...as(operator), SUPABASE_URL: 'http://127.0.0.1:9' };
    const { code, stdout, stderr } = await call(['complete', '--', 'run', 'ping', '--gateway', ''], { env });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('prints a bash script that completes words, and fields after their =', async () => {
    const { stdout: script } = await call(['completion', 'bash']);
    const main = fileURLToPath(new URL('../main.ts', import.meta.url));
    const completed = async (line: string): Promise<string> => {
      const child = spawn('bash', ['--norc', '-s'], {
        env: as(operator),
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdin.end(
        `hq-tui() { '${process.execPath}' '${main}' "$@"; }\n${script}\n` +
          `COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _hq_tui; echo "\${COMPREPLY[*]}"\n`,
      );
      let told = '';
      for await (const chunk of child.stdout) told += String(chunk);
      return told.trim();
    };
    expect(await completed('hq-tui run restart_')).toBe('restart_gateway restart_dispatcher');
    expect(await completed('hq-tui run tail_logs --set ')).toBe('service= lines=');
    expect(await completed('hq-tui run tail_logs --set li')).toBe('lines=');
  });
});
