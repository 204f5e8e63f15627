import { constants } from 'node:fs';
import { lstat, open, readdir, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';
import { fileLimits, leadsOut, type StreamedFile } from '@hq/shared/gateway';
import { fileFault } from '@hq/shared/program';

/** Directories that can be made again from other files. */
const leftOutNames = new Set(['.git', 'node_modules', '.venv', '__pycache__', '.cache']);
/** More files than this are not counted any further. */
const mostCounted = 200_000;

interface WorkspaceFile {
  readonly path: string;
  readonly mode: StreamedFile['mode'];
  readonly size: number;
}

export interface Workspace {
  /** Its real path; null where there is no such directory. */
  readonly root: string | null;
  readonly files: readonly WorkspaceFile[];
  readonly bytes: number;
  readonly leftOut: readonly string[];
  /** Reason why the workspace as a whole does not come over. */
  readonly fault: string | null;
}

/** Lists the files of a workspace that come over, without reading them. It never follows a link inside. */
export async function listWorkspace(path: string): Promise<Workspace> {
  let root: string;
  try {
    root = await realpath(path);
    if (!(await lstat(root)).isDirectory()) throw new HqError('usage', 'it is no directory');
  } catch (error) {
    const nothing = { root: null, files: [], bytes: 0, leftOut: [] };
    if (codeOf(error) === 'ENOENT') return { ...nothing, fault: null };
    const reason = error instanceof HqError ? error.message : fileFault(error);
    return { ...nothing, fault: `its workspace cannot be read: ${reason}` };
  }
  const listing = new Listing(root);
  await listing.walk(Buffer.alloc(0));
  return listing.result();
}

class Listing {
  readonly #root: string;
  readonly #files: WorkspaceFile[] = [];
  readonly #leftOut: string[] = [];
  #bytes = 0;
  #unreadable: string | null = null;

  constructor(root: string) {
    this.#root = root;
  }

  result(): Workspace {
    const mb = Math.ceil(this.#bytes / 1024 / 1024);
    const isTooLarge = this.#files.length > fileLimits.files || this.#bytes > fileLimits.bytes;
    const limit = `HQ takes ${fileLimits.files.toLocaleString('en')} files and ${fileLimits.bytes / 1024 / 1024} MB`;
    const count = this.#files.length.toLocaleString('en');
    const tooLarge = `its workspace has ${count} files and ${mb} MB, and ${limit}: move what it does not need elsewhere`;
    return {
      ...{ root: this.#root, files: this.#files, bytes: this.#bytes, leftOut: this.#leftOut },
      fault: this.#unreadable ?? (isTooLarge ? tooLarge : null),
    };
  }

  /** Names are bytes: a name that is not UTF-8 has no text. */
  async walk(below: Buffer): Promise<void> {
    const directory = Buffer.concat([Buffer.from(`${this.#root}/`), below]);
    let names: Buffer[];
    try {
      names = await readdir(directory, { encoding: 'buffer' });
    } catch (error) {
      this.#unreadable ??= `${shown(below)} in its workspace cannot be read: ${fileFault(error)}`;
      return;
    }
    for (const name of names.sort(Buffer.compare)) {
      if (this.#files.length > mostCounted) return;
      const path = below.length === 0 ? name : Buffer.concat([below, Buffer.from('/'), name]);
      await this.#take(path, name.toString());
    }
  }

  async #take(path: Buffer, name: string): Promise<void> {
    const full = Buffer.concat([Buffer.from(`${this.#root}/`), path]);
    const stats = await lstat(full);
    const text = path.toString();
    if (leftOutNames.has(name)) {
      if (name !== '.git') this.#leftOut.push(`${shown(path)}: it can be made again`);
    } else if (!Buffer.from(text).equals(path)) this.#leftOut.push(`${shown(path)}: its name is not UTF-8`);
    else if (stats.isDirectory()) await this.walk(path);
    else if (stats.isSymbolicLink()) await this.#takeLink(text);
    else if (!stats.isFile()) this.#leftOut.push(`${shown(path)}: it is no file`);
    else if (stats.size > fileLimits.largest) this.#leftOut.push(`${shown(path)}: it is larger than 20 MB`);
    else this.#add({ path: text, mode: (stats.mode & 0o100) === 0 ? '100644' : '100755', size: stats.size });
  }

  async #takeLink(path: string): Promise<void> {
    const target = await readlink(join(this.#root, path));
    if (leadsOut(path, target))
      this.#leftOut.push(`${shown(Buffer.from(path))}: it is a link that leads out`);
    else this.#add({ path, mode: '120000', size: Buffer.byteLength(target) });
  }

  #add(file: WorkspaceFile): void {
    this.#files.push(file);
    this.#bytes += file.size;
  }
}

/**
 * Reads the listed files one after the other. Files that are gone meanwhile are left out, and so are those that a link leads
 * to: an agent that still works may have put one in the place of a directory.
 */
export async function* readWorkspace({ root, files }: Workspace): AsyncGenerator<StreamedFile> {
  for (const { path, mode } of files) {
    const full = join(root ?? '', path);
    try {
      if (mode === '120000') {
        yield { path, mode, content: Buffer.from(await readlink(full)) };
        continue;
      }
      await using file = await open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const stats = await file.stat();
      const opened = await realpath(`/proc/self/fd/${file.fd}`).catch(() => realpath(full));
      if (stats.isFile() && stats.size <= fileLimits.largest && opened === full)
        yield { path, mode, content: await file.readFile() };
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ELOOP') continue;
      throw new HqError('failed', `${shown(Buffer.from(path))} cannot be read: ${fileFault(cause)}.`, {
        hint: 'Let this user read it, and run the import again: it goes on.',
        cause,
      });
    }
  }
}

function shown(path: Buffer): string {
  return path.length === 0 ? 'a directory' : JSON.stringify(path.toString());
}
