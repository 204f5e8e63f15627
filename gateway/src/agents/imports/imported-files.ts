import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';
import { decodeFiles, leadsOut, type StreamedFile } from '@hq/shared/gateway';
import { writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

/** Number and size of the files that wait for their agent. */
const receivedFiles = z.object({ files: z.int(), bytes: z.int() });
export type ReceivedFiles = z.output<typeof receivedFiles>;

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Returns `hq/imports/<id>` of the state. */
function importDirectory(stateDirectory: string, id: string): string {
  if (!uuid.test(id)) throw new HqError('usage', 'The id of an import is a UUID.', { field: 'id' });
  return join(stateDirectory, 'hq', 'imports', id);
}

/**
 * Writes the files of a stream to a directory of their own, where they wait for the agent with this import. They are there
 * whole or not at all; files that were sent before are replaced.
 */
export async function receiveFiles(
  stateDirectory: string,
  id: string,
  stream: AsyncIterable<Uint8Array>,
): Promise<ReceivedFiles> {
  const directory = importDirectory(stateDirectory, id);
  const partial = `${directory}.partial`;
  const root = join(partial, 'files');
  await rm(partial, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
  const links: StreamedFile[] = [];
  let files = 0;
  let bytes = 0;
  try {
    for await (const file of decodeFiles(stream)) {
      checkPath(file.path);
      files += 1;
      bytes += file.content.length;
      // After all files: none may be written through a link.
      if (file.mode === '120000') links.push(file);
      else await writeOne(root, file);
    }
    checkLinks(links);
    for (const link of links) await writeLink(root, link);
    await writePrivate(join(partial, 'received.json'), JSON.stringify({ files, bytes }));
    await rm(directory, { recursive: true, force: true });
    await rename(partial, directory);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  return { files, bytes };
}

/** Throws `not_found` where no files wait: their agent has them, or they were never sent here. */
export async function waitingFiles(stateDirectory: string, id: string): Promise<ReceivedFiles> {
  const path = join(importDirectory(stateDirectory, id), 'received.json');
  try {
    return receivedFiles.parse(parseJson(await readFile(path, 'utf8')));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new HqError('not_found', 'No files of this import wait here.');
  }
}

export async function dropFiles(stateDirectory: string, id: string): Promise<{ removed: true }> {
  await rm(importDirectory(stateDirectory, id), { recursive: true, force: true });
  return { removed: true };
}

/**
 * Makes the received files the workspace of an agent that is not there yet, by one rename. Throws `conflict` where they are
 * not here, as on another gateway than the one they were sent to. After the rename it does nothing.
 */
export async function adoptFiles(stateDirectory: string, id: string, workspace: string): Promise<void> {
  const directory = importDirectory(stateDirectory, id);
  const hasFiles = (await namesIn(workspace)).some((name) => name !== '.git');
  const isWaiting = (await namesIn(directory)).includes('files');
  if (hasFiles && !isWaiting) return;
  if (hasFiles) {
    throw new HqError('conflict', `${workspace} has files of something else.`, {
      hint: 'Move them away on the gateway, then update the agent.',
    });
  }
  if (!isWaiting) {
    throw new HqError('conflict', 'The imported files of this agent are not on this gateway.', {
      hint: 'Remove the agent, then run the import again with the control socket of this gateway.',
    });
  }
  await mkdir(dirname(workspace), { recursive: true, mode: 0o700 });
  await rm(workspace, { recursive: true, force: true });
  await rename(join(directory, 'files'), workspace);
  await rm(directory, { recursive: true, force: true });
}

/** Returns nothing where there is no such directory. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function writeOne(root: string, { path, mode, content }: StreamedFile): Promise<void> {
  const full = join(root, path);
  await mkdir(dirname(full), { recursive: true, mode: 0o700 });
  await writeFile(full, content, { flag: 'wx', mode: mode === '100755' ? 0o700 : 0o600 });
}

async function writeLink(root: string, { path, content }: StreamedFile): Promise<void> {
  const target = content.toString();
  if (leadsOut(path, target) || target.includes('\0')) throw unusable(path, 'is a link that leads out');
  const full = join(root, path);
  await mkdir(dirname(full), { recursive: true, mode: 0o700 });
  await symlink(target, full);
}

/** Throws for a link below another one: it would be written where that one leads. */
function checkLinks(links: readonly StreamedFile[]): void {
  const known = new Set(links.map(({ path }) => path));
  for (const { path } of links) {
    for (let above = dirname(path); above !== '.'; above = dirname(above)) {
      if (known.has(above)) throw unusable(path, 'is below a link');
    }
  }
}

function checkPath(path: string): void {
  const parts = path.split('/');
  const isOutside = parts.some((part) => part === '' || part === '.' || part === '..');
  if (isOutside || path.includes('\0')) throw unusable(path, 'is no path inside of a directory');
  if (parts.includes('.git')) throw unusable(path, 'is a part of a git repository');
}

function unusable(path: string, reason: string): HqError {
  return new HqError('usage', `${JSON.stringify(path.slice(0, 200))} ${reason}.`, { field: 'path' });
}
