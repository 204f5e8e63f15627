import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findLocalKeys, findLocalStack } from './local-stack.ts';

let directory: string;
const stack = { url: 'http://127.0.0.1:1', anonKey: 'anon', email: 'a@example.test', password: 'p' };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hq-local-stack-'));
});
afterAll(() => rm(directory, { recursive: true }));

const write = (content: string): Promise<void> => writeFile(join(directory, 'run.json'), content);

it('finds none when none was started', async () => {
  expect(await findLocalStack({}, join(directory, 'nowhere'))).toBeNull();
});

it('finds one whose process runs', async () => {
  await write(JSON.stringify({ ...stack, pid: process.pid, serviceRoleKey: 'not for clients' }));
  expect(await findLocalStack({}, directory)).toEqual({ ...stack, pid: process.pid });
});

it('ignores the file of a killed process', async () => {
  const gone = spawn(process.execPath, ['-e', '0']);
  await new Promise((resolve) => gone.on('close', resolve));
  await write(JSON.stringify({ ...stack, pid: gone.pid }));
  expect(await findLocalStack({}, directory)).toBeNull();
});

it('reads no key from a run file that others can read', async () => {
  const path = join(directory, 'run.json');
  await write(JSON.stringify({ ...stack, pid: process.pid, serviceRoleKey: 'for secrets' }));
  await chmod(path, 0o644);
  await expect(findLocalKeys({}, directory)).rejects.toThrow('others can read it');
  await chmod(path, 0o600);
  expect(await findLocalKeys({}, directory)).toMatchObject({ url: stack.url, serviceRoleKey: 'for secrets' });
  expect(await findLocalKeys({ HQ_RUN_FILE: path }, join(directory, 'nowhere'))).not.toBeNull();
  expect(await findLocalKeys({}, join(directory, 'nowhere'))).toBeNull();
});

it.each(['', '{"pid":', '{"pid": 0}', '[]'])('ignores a file that holds %j', async (content) => {
  await write(content);
  expect(await findLocalStack({}, directory)).toBeNull();
});
