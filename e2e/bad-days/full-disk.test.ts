import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { isRunning } from '../../local/testing/hq-process.ts';
import { mountSmallDisk, type SmallDisk } from '../../shared/testing/small-disk.ts';
import { ScreenSession } from '../../tui/testing/screen-session.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const starter = fileURLToPath(new URL('../../local/src/start.ts', import.meta.url));
let disk: SmallDisk | null;
let terminal: ScreenSession | undefined;

beforeEach(() => {
  disk = mountSmallDisk('400m');
});
afterEach(async () => {
  terminal?.pty.kill('SIGTERM');
  await terminal?.exited;
  disk?.remove();
});

const isLive = (screen: string) => screen.includes('LIVE') && screen.includes('This machine');

describe('npm start on a full disk', () => {
  it('survives the end of its database behind the terminal UI, and is live again once there is space', async ({
    skip,
  }) => {
    if (disk === null) return skip();
    const data = join(disk.path, 'data');
    terminal = new ScreenSession(process.execPath, [starter, '--data', data], { columns: 100, rows: 30 });
    await terminal.waitFor(isLive, 120_000);
    const { pid }: { pid: number } = JSON.parse(await readFile(join(data, 'run.json'), 'utf8'));
    disk.fill();
    process.kill(
      Number((await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]),
      'SIGKILL',
    );
    await terminal.waitFor((screen) => screen.includes('OFFLINE'), 60_000);
    // Long enough for the messages of several failed restarts.
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    expect(isRunning(pid)).toBe(true);
    disk.free();
    await terminal.waitFor(isLive, 120_000);
    await eventually(async () => {
      expect(await readFile(join(data, 'hq.log'), 'utf8')).toContain('The database is running again');
    });
    terminal.press('q');
    expect(await terminal.exited).toMatchObject({ exitCode: 0 });
  });
});
