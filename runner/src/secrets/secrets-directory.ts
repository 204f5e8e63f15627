import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** Content of one file. `isValid`: a plain file of mode 0600 that the volume's owner owns. */
export interface EnvFile {
  readonly text: string;
  readonly isValid: boolean;
}

const leftover = /^\..+\.[0-9a-f]{16}\.tmp$/;
const slugPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const longestSlug = 63;

/** Returns true if a slug can name an agent's file. Nothing else becomes part of a path. */
export function isFileSlug(slug: string): boolean {
  return slug.length <= longestSlug && slugPattern.test(slug);
}

/**
 * One directory of `.env` files. Files are written atomically and reached through the opened directory, so that nothing is
 * read or written elsewhere if its path changes. A symbolic link in a file's place is replaced; one in the directory's
 * place is refused.
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

  /** Opens the directory and creates it if needed, with mode 0700 and the owner of its parent. */
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
          hint: 'Remove it: the runner creates a directory in its place and writes the secrets there.',
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

  openSubdirectory(name: string): Promise<EnvDirectory> {
    return EnvDirectory.open(this.#base(), name, join(this.path, name));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  /** Returns the names of the entries that end in `.env`, of any type. */
  async names(): Promise<readonly string[]> {
    const names = await readdir(this.#base());
    return names.filter((name) => name.endsWith('.env') && !name.startsWith('.'));
  }

  /** Removes temporary files of a killed writer. */
  async removeLeftovers(): Promise<void> {
    for (const name of await readdir(this.#base())) if (leftover.test(name)) await this.remove(name);
  }

  /** Returns null if there is no such file. A link or another non-file counts as an empty, invalid file. */
  async read(name: string): Promise<EnvFile | null> {
    let handle: FileHandle;
    try {
      handle = await this.#openToRead(name);
    } catch (error) {
      const code = codeOf(error);
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

  /** Writes a whole file atomically. Call `fsync` to make the new name survive a power cut. */
  async write(name: string, text: string): Promise<void> {
    const temporary = `.${name}.${randomBytes(8).toString('hex')}.tmp`;
    const handle = await open(this.#at(temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      try {
        // The umask may have removed bits of 0600.
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

  /** Makes renames and removals in this directory survive a power cut. */
  async fsync(): Promise<void> {
    await this.#handle.sync();
  }

  async #openToRead(name: string): Promise<FileHandle> {
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
    try {
      return await open(this.#at(name), flags);
    } catch (error) {
      if (codeOf(error) !== 'EACCES' || !(await lstat(this.#at(name))).isFile()) throw error;
      // Its owner removed the read permission; the gateway's own lines in it must not be lost.
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
