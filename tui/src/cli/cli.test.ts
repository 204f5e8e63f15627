import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../testing/call.ts';
import { openCliStack } from '../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, operator, viewer, home, nowhere, as, signedOut } = cli;
afterAll(cli.close);

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

describe('HQ_READONLY', () => {
  const ping = (word: string, args = ['run', 'ping']) =>
    call(args, { env: { ...as(operator), HQ_READONLY: word } });

  it.each(['0', 'false', 'no', 'off', ''])('is off for %j', async (word) => {
    expect(await ping(word)).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses every change where it is on', async () => {
    expect(await ping('on')).toMatchObject({ code: 3, stdout: '' });
  });

  it('is named in the refusal, unless --readonly was given', async () => {
    expect((await ping('1')).stderr).toBe(
      'hq-tui: HQ_READONLY allows no changes.\nSet HQ_READONLY to nothing.\n',
    );
    const both = await ping('1', ['--readonly', 'run', 'ping']);
    expect(both.stderr).toBe('hq-tui: --readonly allows no changes.\nLeave --readonly out.\n');
  });

  it.each([[['run', 'ping']], [['--help']]])(
    'is an error of %j where it is an unknown word',
    async (args) => {
      const { code, stdout, stderr } = await ping('maybe', args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^hq-tui: HQ_READONLY must be on or off\.\n/);
      expect(stderr).not.toContain('maybe');
    },
  );
});

describe('the program as a process', () => {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url));

  it('reads its input from a pipe, keeps data and messages apart, and ends with the code of the call', async () => {
    const child = spawn(process.execPath, [main, 'login', '--email', viewer.email], {
      env: { ...signedOut(), XDG_STATE_HOME: join(home, 'piped') },
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

  it('writes everything to a pipe that is read slowly', async () => {
    await stack.database.query(
      `insert into agents (slug, name, status) select 'agent-' || n, repeat('long name ', 8), 'ready' from generate_series(1, 1000) n`,
    );
    const child = spawn(
      'sh',
      ['-c', '"$1" "$2" agents --json | { sleep 0.5; cat; }', 'sh', process.execPath, main],
      {
        env: as(operator),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    expect(JSON.parse(await readText(child.stdout)).agents).toHaveLength(1000);
  });

  it.each(['--version', '--help', 'completion bash', 'status'])(
    'ends `%s` with 1 and the reason where its output cannot be written',
    async (words) => {
      const child = spawn(
        'sh',
        ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, main, ...words.split(' ')],
        { env: as(operator) },
      );
      const [stderr, code] = await Promise.all([
        readText(child.stderr),
        new Promise((resolve) => child.on('close', resolve)),
      ]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'hq-tui: Standard output could not be written (ENOSPC).\nMake room, or write it elsewhere.\n',
      });
    },
  );
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
