import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** What one file holds, and whether it is as this house writes it: a plain file, 0600, of the volume's owner. */
export interface EnvFile {
  readonly text: string;
  readonly isValid: boolean;
}

const leftover = /^\..+\.[0-9a-f]{16}\.tmp$/;
const slugPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const longestSlug = 63;

/** Whether a slug can name an agent's file: nothing else ever becomes part of a path. */
export function isFileSlug(slug: string): boolean {
  return slug.length <= longestSlug && slugPattern.test(slug);
}

/**
 * One directory of `.env` files. Its files appear whole or not at all, and are reached through the opened directory: whatever
 * its path points to meanwhile, nothing is read or written elsewhere. A symbolic link in a file's place is replaced; one in
 * the directory's place is refused.
 */
export class EnvDirectory {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #owner: { readonly uid: number; readonly gid: number } | null;

  private constructor(path: string, handle: FileHandle, owner: Stats | null) {
    this.path = path;
    this.#handle = handle;
    this.#owner = owner;
  }

  /** Opens the directory, made where it is missing, with mode 0700 and the owner of the one it lies in. */
  static async open(parent: string, name: string, realPath = join(parent, name)): Promise<EnvDirectory> {
    const path = join(parent, name);
    const isNew = await mkdir(path, { mode: 0o700 }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ELOOP' && error.code !== 'ENOTDIR') throw error;
        throw new HqError('conflict', `${realPath} is a symbolic link or a file, not a directory.`, {
          hint: 'Remove it: the runner makes a directory in its place, and lays the secrets there.',
        });
      },
    );
    try {
      const isRoot = process.getuid?.() === 0;
      if (isNew && isRoot) {
        const above = await lstat(parent);
        await handle.chown(above.uid, above.gid);
      }
      const stats = await handle.stat();
      if ((stats.mode & 0o777) !== 0o700) await handle.chmod(0o700);
      return new EnvDirectory(realPath, handle, isRoot && stats.uid !== 0 ? stats : null);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A directory in this one. */
  openSubdirectory(name: string): Promise<EnvDirectory> {
    return EnvDirectory.open(this.#base(), name, join(this.path, name));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** The names of the files that end in `.env`, whatever they are. */
  async names(): Promise<readonly string[]> {
    const names = await readdir(this.#base());
    return names.filter((name) => name.endsWith('.env') && !name.startsWith('.'));
  }

  /** Removes what a writer that died has left. */
  async removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.#base())) if (leftover.test(name)) await this.remove(name);
  }

  /** Null where there is no such file. A link or anything else that is no file counts as a wrong, empty one. */
  async read(name: string): Promise<EnvFile | null> {
    let handle: FileHandle;
    try {
      handle = await this.#openToRead(name);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT') return null;
      if (code === 'ELOOP' || code === 'ENXIO') return { text: '', isValid: false };
      throw error;
    }
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return { text: '', isValid: false };
      const isOurs = this.#owner === null || stats.uid === this.#owner.uid;
      return {
        text: await handle.readFile('utf8'),
        isValid: isOurs && (stats.mode & 0o7777) === 0o600 && stats.nlink === 1,
      };
    } finally {
      await handle.close();
    }
  }

  /** Puts a whole file in the place of whatever stands there. `settle` makes the new names last. */
  async write(name: string, text: string): Promise<void> {
    const temporary = `.${name}.${randomBytes(8).toString('hex')}.tmp`;
    const handle = await open(this.#at(temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        // A umask takes bits away and adds none; what is left of 0600 may be too little.
        await handle.chmod(0o600);
        if (this.#owner !== null) await handle.chown(this.#owner.uid, this.#owner.gid);
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(this.#at(temporary), this.#at(name));
    } catch (error) {
      await rm(this.#at(temporary), { force: true });
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#at(name), { force: true });
  }

  /** Returns when what was renamed and removed here outlives a power cut. */
  async fsync(): Promise<void> {
    await this.#handle.sync();
  }

  async #openToRead(name: string): Promise<FileHandle> {
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
    try {
      return await open(this.#at(name), flags);
    } catch (error) {
      const isDenied = error instanceof Error && 'code' in error && error.code === 'EACCES';
      if (!isDenied || !(await lstat(this.#at(name))).isFile()) throw error;
      // Its owner took the right to read it away; the gateway's own lines in it must not be lost for that.
      await chmod(this.#at(name), 0o600);
      return await open(this.#at(name), flags);
    }
  }

  #at(name: string): string {
    return join(this.#base(), name);
  }

  #base(): string {
    return process.platform === 'linux' ? `/proc/self/fd/${this.#handle.fd}` : this.path;
  }
}
