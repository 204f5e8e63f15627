import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { makeCopyDirectory } from './copy-directory.ts';

it('the copy that a killed import left is removed by the next one, and no other', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'hq-copies-'));
  try {
    const killed = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const left = `hq-import-${killed.pid}-AbCd12`;
    mkdirSync(join(parent, left));
    writeFileSync(join(parent, left, '1.sqlite'), 'private');
    const others = [`hq-import-${process.pid}-AbCd12`, 'hq-import-AbCd12', 'hq-import-1-of-somebody'];
    for (const name of others) mkdirSync(join(parent, name));
    const first = await makeCopyDirectory(parent);
    expect(readdirSync(parent)).toContain(left);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const second = await makeCopyDirectory(parent);
    expect(readdirSync(parent).sort()).toEqual([...others, basename(first), basename(second)].sort());
  } finally {
    rmSync(parent, { recursive: true });
  }
});
