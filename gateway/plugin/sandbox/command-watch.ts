import { readdir, readFile, statfs } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';
import type { CommandFiles } from './command-files.ts';

/** Bytes of the volume that agents must leave to the gateway: its databases break on a full disk. */
export const diskReserveBytes = 512 * 1024 ** 2;
const checkEveryMs = 250;

export interface CommandWatchOptions {
  /** The volume of the agents. */
  readonly directory: string;
  readonly reserveBytes: number;
  /** Processes of one command. The kernel holds this limit too, but not for a gateway of root. */
  readonly processes: number;
  readonly commands: CommandFiles;
  readonly onKilled: (reason: string) => void;
}

/** Watches running commands, and ends those that no limit of the kernel ends: on a full disk, or with too many processes. */
export class CommandWatch {
  readonly #options: CommandWatchOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CommandWatchOptions) {
    this.#options = options;
  }

  /** Call it before a command: it refuses when the volume is almost full, or watches until no command runs. */
  async admit(): Promise<void> {
    const { reserveBytes } = this.#options;
    const free = await this.#freeBytes();
    if (free < reserveBytes) {
      throw new HqError('refused', `The volume of the agents has ${megabytes(free)} MB left.`, {
        hint: `Commands run again when ${megabytes(reserveBytes)} MB are free. Remove files of this workspace.`,
      });
    }
    this.watch();
  }

  watch(): void {
    // A check that fails, such as one of a volume that is away, is repeated by the next one.
    this.#timer ??= setInterval(() => this.#check().catch(() => undefined), checkEveryMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #check(): Promise<void> {
    const { commands, reserveBytes, processes, onKilled } = this.#options;
    if (commands.isEmpty) return this.close();
    const running = await commands.running();
    const isFull = (await this.#freeBytes()) < reserveBytes;
    for (const pid of running) {
      const reason = isFull
        ? 'the volume is almost full'
        : (await processesIn(pid)) > processes
          ? `more than ${processes} processes`
          : undefined;
      if (reason !== undefined && endProcess(pid)) onKilled(reason);
    }
  }

  async #freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#options.directory);
    return bavail * bsize;
  }
}

/** Counts the processes of a jail by its /proc; 0 where it has none, or has just ended. */
async function processesIn(outer: number): Promise<number> {
  try {
    const [inner = ''] = (await readFile(`/proc/${outer}/task/${outer}/children`, 'utf8')).split(' ');
    const names = await readdir(`/proc/${inner}/root/proc`);
    return names.filter((name) => /^\d+$/.test(name)).length;
  } catch {
    return 0;
  }
}

/** Ends bwrap. Its jail ends with it. */
function endProcess(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
    return false;
  }
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
