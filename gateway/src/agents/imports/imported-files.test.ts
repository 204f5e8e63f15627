import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFiles, type StreamedFile } from '@hq/shared/gateway';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptFiles, dropFiles, receiveFiles, waitingFiles } from './imported-files.ts';

const id = '0b0f3fd1-6c7c-4d2c-9d5e-222222222222';
let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'hq-imports-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const text = (path: string, content: string, mode: StreamedFile['mode'] = '100644'): StreamedFile => ({
  ...{ path, mode },
  content: Buffer.from(content),
});
async function* stream(files: readonly StreamedFile[], cutAt?: number): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const chunk of encodeFiles(each(files))) {
    if (cutAt !== undefined && sent >= cutAt) return;
    sent += chunk.length;
    yield chunk;
  }
}
async function* each(files: readonly StreamedFile[]): AsyncGenerator<StreamedFile> {
  yield* files;
}
const workspace = () => join(state, 'workspace-acme', 'maya');

describe('imported files', () => {
  it('wait whole, and become the workspace by one rename', async () => {
    const files = [
      text('SOUL.md', 'calm'),
      text('memory/a\nb.md', 'line'),
      text('run.sh', 'true', '100755'),
      text('memory/soul', '../SOUL.md', '120000'),
    ];
    expect(await receiveFiles(state, id, stream(files))).toEqual({ files: 4, bytes: 22 });
    expect(await waitingFiles(state, id)).toEqual({ files: 4, bytes: 22 });
    await adoptFiles(state, id, workspace());
    expect(readFileSync(join(workspace(), 'memory', 'a\nb.md'), 'utf8')).toBe('line');
    expect(readlinkSync(join(workspace(), 'memory', 'soul'))).toBe('../SOUL.md');
    expect(statSync(join(workspace(), 'run.sh')).mode & 0o777).toBe(0o700);
    await expect(waitingFiles(state, id)).rejects.toMatchObject({ code: 'not_found' });
    // A run that was stopped after the rename.
    await adoptFiles(state, id, workspace());
  });

  it('are not there at all when the stream breaks off, and replace those of an earlier stream', async () => {
    const files = [text('one', '1'), text('two', '22')];
    await expect(receiveFiles(state, id, stream(files, 40))).rejects.toMatchObject({ code: 'usage' });
    await expect(waitingFiles(state, id)).rejects.toMatchObject({ code: 'not_found' });
    expect(readdirSync(join(state, 'hq', 'imports'))).toEqual([]);
    await receiveFiles(state, id, stream(files));
    expect(await receiveFiles(state, id, stream([text('three', '3')]))).toEqual({ files: 1, bytes: 1 });
  });

  it('has no link through which another one is written outside', async () => {
    const through = [
      text('d/up', '..', '120000'),
      text('out', 'd/up/..', '120000'),
      text('out/planted', 'x', '120000'),
    ];
    await expect(receiveFiles(state, id, stream(through))).rejects.toMatchObject({ field: 'path' });
    const below = [text('real/a', '1'), text('link', 'real', '120000'), text('link/b', 'a', '120000')];
    await expect(receiveFiles(state, id, stream(below))).rejects.toMatchObject({ field: 'path' });
    expect(readdirSync(join(state, 'hq', 'imports'))).toEqual([]);
  });

  it.each([
    ['../outside', '100644'],
    ['/etc/passwd', '100644'],
    ['a//b', '100644'],
    ['a/./b', '100644'],
    ['sub/.git/config', '100644'],
    ['nul\0', '100644'],
  ] as const)('refuse the path %j', async (path, mode) => {
    await expect(receiveFiles(state, id, stream([text(path, 'x', mode)]))).rejects.toMatchObject({
      code: 'usage',
      field: 'path',
    });
    expect(readdirSync(join(state, 'hq', 'imports'))).toEqual([]);
  });

  it('refuse links that lead out, and write nothing through a link', async () => {
    for (const target of ['/etc', '..', '../x', 'a/../../x']) {
      await expect(receiveFiles(state, id, stream([text('link', target, '120000')]))).rejects.toMatchObject({
        code: 'usage',
      });
    }
    const through = [text('dir', '.', '120000'), text('dir/file', 'x')];
    await expect(receiveFiles(state, id, stream(through))).rejects.toThrow();
  });

  it('refuse an id that is none', async () => {
    await expect(receiveFiles(state, '../../etc', stream([]))).rejects.toMatchObject({ code: 'usage' });
    await expect(dropFiles(state, '..')).rejects.toMatchObject({ code: 'usage' });
  });

  it('make no agent on another gateway, nor over files of something else', async () => {
    await expect(adoptFiles(state, id, workspace())).rejects.toThrow(/not on this gateway/);
    // OpenClaw creates the directory of an agent that it knows.
    mkdirSync(workspace(), { recursive: true });
    await expect(adoptFiles(state, id, workspace())).rejects.toThrow(/not on this gateway/);
    await receiveFiles(state, id, stream([text('SOUL.md', 'calm')]));
    mkdirSync(workspace(), { recursive: true });
    writeFileSync(join(workspace(), 'other.md'), 'kept');
    await expect(adoptFiles(state, id, workspace())).rejects.toThrow(/something else/);
    expect(readdirSync(workspace())).toEqual(['other.md']);
    await dropFiles(state, id);
    await expect(waitingFiles(state, id)).rejects.toMatchObject({ code: 'not_found' });
  });
});
