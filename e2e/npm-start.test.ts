import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../db/testing/eventually.ts';
import { descendantsOf, isRunning } from '../local/testing/hq-process.ts';
import { ScreenSession } from '../tui/testing/screen-session.ts';

// Every test waits for conditions, so a busy machine only makes it slower.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const starter = fileURLToPath(new URL('../local/src/start.ts', import.meta.url));
const terminals: ScreenSession[] = [];
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-npm-start-'));
});
afterEach(async () => {
  for (const terminal of terminals) terminal.pty.kill('SIGTERM');
  await Promise.all(terminals.splice(0).map((terminal) => terminal.exited));
  // A start that was killed may leave a gateway that still ends.
  await rm(home, { recursive: true, force: true, maxRetries: 20 });
});

function npmStart(): ScreenSession {
  const terminal = new ScreenSession(process.execPath, [starter, '--data', join(home, 'data')], {
    columns: 100,
    rows: 30,
  });
  terminals.push(terminal);
  return terminal;
}

/** `npm start` as a service manager or a script runs it. */
function npmStartWithoutTerminal(data: string): { readonly npm: ChildProcess; ready: Promise<number> } {
  const npm = spawn('npm', ['start', '--', '--no-tui', '--data', data], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ready = new Promise<number>((resolve) => {
    createInterface({ input: npm.stdout }).on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line).pid);
    });
  });
  return { npm, ready };
}

const isLive = (screen: string) => screen.includes('LIVE') && screen.includes('This machine');

describe('npm start without a terminal', () => {
  it('stops everything at SIGTERM to npm', async () => {
    const { npm, ready } = npmStartWithoutTerminal(join(home, 'data'));
    const pid = await ready;
    const processes = [pid, ...descendantsOf(pid)];
    npm.kill('SIGTERM');
    await eventually(() => expect(processes.filter(isRunning)).toEqual([]));
  });
});

describe('npm start in a terminal', () => {
  it('opens the fleet, signed in and live, and stops everything on quit', async () => {
    const terminal = npmStart();
    const screen = await terminal.waitFor(isLive, 90_000);
    expect(screen).toContain('admin@hq.local (admin)');
    expect(terminal.isOnAlternateScreen).toBe(true);
    terminal.press('q');
    expect(await terminal.exited).toMatchObject({ exitCode: 0 });
    expect(terminal.isOnAlternateScreen).toBe(false);
    expect(terminal.text()).toContain('Waiting for the runner');
  });

  it('in a second terminal opens the same fleet, and leaves it running', async () => {
    const first = npmStart();
    await first.waitFor(isLive, 90_000);
    const second = npmStart();
    await second.waitFor(isLive, 90_000);
    second.press('q');
    expect(await second.exited).toMatchObject({ exitCode: 0 });
    await first.settled();
    expect(first.text()).toContain('LIVE');
  });

  it('restores the terminal when npm start is killed', async () => {
    const data = join(home, 'data');
    // A shell waits for it and uses the terminal afterwards.
    const shell = new ScreenSession(
      '/bin/sh',
      ['-c', '"$0" "$1" --data "$2"; echo the shell is back; read _', process.execPath, starter, data],
      {
        columns: 100,
        rows: 30,
      },
    );
    terminals.push(shell);
    await shell.waitFor(isLive, 90_000);
    const { pid }: { pid: number } = JSON.parse(await readFile(join(data, 'run.json'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    await eventually(() => {
      expect(shell.written).toContain('the shell is back');
      expect(shell.isOnAlternateScreen).toBe(false);
    });
    shell.press('\r');
    await shell.exited;
    // The next start takes over the running database, and stops it at its end.
    const next = npmStart();
    await next.waitFor(isLive, 90_000);
  });
});
