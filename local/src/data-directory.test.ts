import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockDataDirectory, openDataDirectory } from './data-directory.ts';

it('a damaged lock is named, with what to do', async () => {
  const path = await mkdtemp(join(tmpdir(), 'hq-lock-'));
  await writeFile(join(path, 'lock'), 'x'.repeat(5_000));
  await expect(lockDataDirectory(await openDataDirectory(path))).rejects.toMatchObject({
    code: 'failed',
    message: `${join(path, 'lock')} cannot be locked.`,
  });
  await rm(path, { recursive: true });
});
