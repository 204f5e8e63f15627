import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files of arguments of running commands: private, and removed when the command has ended. */
export class CommandFiles {
  readonly #directory: string;
  readonly #live = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  get isEmpty(): boolean {
    return this.#live.size === 0;
  }

  async write(content: string): Promise<string> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = join(this.#directory, randomUUID());
    await writeFile(path, content, { mode: 0o600, flag: 'wx' });
    this.#live.add(path);
    return path;
  }

  /** Removes the files of one command; a token that is not one of them is ignored. */
  async remove(path: unknown): Promise<void> {
    if (typeof path !== 'string' || !this.#live.delete(path)) return;
    await Promise.all([path, pidFileOf(path)].map((file) => rm(file, { force: true })));
  }

  /** Returns the process ids of the running commands, as the host counts them. */
  async running(): Promise<readonly number[]> {
    const pids = await Promise.all(
      [...this.#live].map(async (path) => Number(await readFile(pidFileOf(path), 'utf8').catch(() => ''))),
    );
    return pids.filter((pid) => pid > 1);
  }
}

/** Returns the file to which the shell that becomes bwrap writes its process id. */
function pidFileOf(argumentsPath: string): string {
  return `${argumentsPath}.pid`;
}
