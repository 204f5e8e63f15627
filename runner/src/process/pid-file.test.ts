import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTimeOf } from '@hq/shared/program';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removePidFile, stopOrphan, writePidFile } from './pid-file.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hq-pid-'));
  file = join(directory, 'gateway.pid');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function sleeper(): Promise<{ pid: number; ended: Promise<unknown> }> {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  return { pid: child.pid ?? Number.NaN, ended };
}

async function livingRecord(pid: number) {
  return { pid, birth: (await startTimeOf(pid)) ?? '' };
}

describe('a gateway of an earlier runner', () => {
  it('is stopped when its runner is dead', async () => {
    const { pid, ended } = await sleeper();
    const record = { gateway: await livingRecord(pid), runner: { pid: 999_999_999, birth: '1' }, port: 1 };
    writeFileSync(file, JSON.stringify(record));
    expect(await stopOrphan(file)).toBe(pid);
    await ended;
  });

  it('is not stopped while its runner runs, and the second runner is refused', async () => {
    const gateway = await sleeper();
    const runner = await sleeper();
    const record = {
      gateway: await livingRecord(gateway.pid),
      runner: await livingRecord(runner.pid),
      port: 1,
    };
    writeFileSync(file, JSON.stringify(record));
    await expect(stopOrphan(file)).rejects.toMatchObject({ code: 'conflict' });
    expect(await startTimeOf(gateway.pid)).not.toBeNull();
    process.kill(gateway.pid);
    process.kill(runner.pid);
    await Promise.all([gateway.ended, runner.ended]);
  });

  it('is not touched when another process has its pid now', async () => {
    const { pid, ended } = await sleeper();
    const record = { gateway: { pid, birth: 'another' }, runner: { pid: 999_999_999, birth: '1' }, port: 1 };
    writeFileSync(file, JSON.stringify(record));
    expect(await stopOrphan(file)).toBeNull();
    expect(await startTimeOf(pid)).not.toBeNull();
    process.kill(pid);
    await ended;
  });

  it('does not exist where the file is missing or invalid', async () => {
    expect(await stopOrphan(file)).toBeNull();
    writeFileSync(file, 'half a li');
    expect(await stopOrphan(file)).toBeNull();
  });

  it('is the one that the file records', async () => {
    const { pid, ended } = await sleeper();
    await writePidFile(file, pid, 18_789);
    expect(await stopOrphan(file)).toBe(pid);
    await ended;
    await removePidFile(file);
    expect(existsSync(file)).toBe(false);
  });
});
