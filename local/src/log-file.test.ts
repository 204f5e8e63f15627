import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { mountSmallDisk } from '../../shared/testing/small-disk.ts';
import { appendingTo, limitChildLog, openChildLog } from './log-file.ts';

const large = 9 * 1024 * 1024;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hq-log-file-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a message', () => {
  it('that cannot be written is no error, and is counted once there is space', ({ skip }) => {
    const disk = mountSmallDisk('64k');
    if (disk === null) return skip();
    try {
      const append = appendingTo(join(disk.path, 'hq.log'));
      append('first');
      disk.fill();
      append('x'.repeat(8192));
      append('y'.repeat(8192));
      disk.free();
      append('last');
      const text = readFileSync(join(disk.path, 'hq.log'), 'utf8');
      expect(text).toMatch(
        /first\n[\s\S]*Z 2 messages were lost while the log could not be written\n.* last\n$/,
      );
    } finally {
      disk.remove();
    }
  });

  it('moves a large log aside', () => {
    const path = join(directory, 'hq.log');
    const append = appendingTo(path);
    writeFileSync(path, Buffer.alloc(large));
    append('next');
    expect([statSync(`${path}.1`).size, readFileSync(path, 'utf8').slice(-5)]).toEqual([large, 'next\n']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('the log of a child', () => {
  it('that is large is moved aside while the child writes on', async () => {
    const path = join(directory, 'runner.log');
    writeFileSync(path, Buffer.alloc(large));
    const log = openChildLog(path, () => undefined);
    const child = spawn('sh', ['-c', 'read _; echo "after the move"'], { stdio: ['pipe', log, log] });
    closeSync(log);
    limitChildLog(path);
    expect([statSync(path).size, statSync(`${path}.1`).size]).toEqual([0, large]);
    child.stdin?.end('\n');
    await eventually(() => expect(readFileSync(path, 'utf8')).toBe('after the move\n'));
  });

  it('is emptied where there is no space for the copy', ({ skip }) => {
    const disk = mountSmallDisk('10m');
    if (disk === null) return skip();
    try {
      const path = join(disk.path, 'runner.log');
      writeFileSync(path, '');
      truncateSync(path, large);
      writeFileSync(path, Buffer.alloc(large));
      limitChildLog(path);
      expect(statSync(path).size).toBe(0);
    } finally {
      disk.remove();
    }
  });

  it('that cannot be opened costs its messages alone', () => {
    const reports: string[] = [];
    closeSync(openChildLog(join(directory, 'missing', 'runner.log'), (line) => reports.push(line)));
    expect(reports).toEqual([expect.stringContaining('the directory above it is missing')]);
  });
});
