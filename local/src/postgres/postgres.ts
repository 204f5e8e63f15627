import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { chown, mkdir, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, HqError } from '@hq/shared/errors';
import { readPrivate, sleep, timedOut, withinLimit } from '@hq/shared/program';
import type { PostgresAccount } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

export { postgresAccount } from './postgres-account.ts';
export { findPostgres } from './postgres-binaries.ts';

/** Directory, programs and account of one Postgres cluster. */
export interface Cluster {
  readonly directory: string;
  readonly binaries: PostgresBinaries;
  /** Undefined for the account of this process. */
  readonly account: PostgresAccount | undefined;
}

const startBoundMs = 30_000;
const keptLogLines = 50;
/** Part of the socket's name; it opens no port. */
const socketPort = 5432;
/** Bytes of a socket's name that every system takes. */
const longestSocketName = 103;

/** Creates a cluster with password authentication (SCRAM). `sync: false` is for tests. */
export async function initCluster(
  cluster: Cluster,
  { password, superuser = 'postgres', sync }: { password: string; superuser?: string; sync: boolean },
): Promise<void> {
  await mkdir(cluster.directory, { recursive: true, mode: 0o700 });
  const passwordFile = join(dirname(cluster.directory), `initdb-${process.pid}`);
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  try {
    if (cluster.account) {
      await chown(cluster.directory, cluster.account.uid, cluster.account.gid);
      await chown(passwordFile, cluster.account.uid, cluster.account.gid);
    }
    const args = ['--username', superuser, '--auth', 'scram-sha-256', '--encoding', 'UTF8', '--no-locale'];
    if (!sync) args.push('--no-sync');
    const child = launch(cluster, cluster.binaries.initdb, args, { passwordFile });
    const log = tail(child);
    const code = await closed(child);
    if (code !== 0) {
      throw new HqError('failed', 'The database could not be initialised.', {
        hint: reason(log.lines()),
      });
    }
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Starts the server on a Unix socket in its directory alone, and waits until it takes connections. */
export async function startPostgres(cluster: Cluster, settings: Readonly<Record<string, string>> = {}) {
  const all = {
    listen_addresses: '',
    unix_socket_directories: '.',
    unix_socket_permissions: '0700',
    port: String(socketPort),
    // Keeps statements and their values out of the log; the client gets the error.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    log_destination: 'stderr',
    log_line_prefix: '',
    ...settings,
  };
  const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = launch(cluster, cluster.binaries.postgres, args);
  const log = tail(child);
  const exit = closed(child);
  const exited = exit.then(() => undefined);
  const ready = log.untilLogged('database system is ready to accept connections');
  const isReady = await withinLimit(
    startBoundMs,
    Promise.race([ready.then(() => true), exited.then(() => false)]),
  );
  const { pid } = child;
  if (isReady !== true || pid === undefined) {
    child.kill('SIGKILL');
    await exited;
    throw new HqError('failed', 'The database did not start.', { hint: reason(log.lines()) });
  }
  const gone = stopWithThisProcess(cluster, pid, exited);
  return {
    pid,
    /** Settles when the server process has exited. */
    exited: gone,
    /** Returns the last lines of its log. */
    log: log.lines,
    /** Requests a fast shutdown. Kills the server after the bound; its next start replays the log. */
    stop: (boundMs = 10_000) => end(pid, gone, boundMs),
  };
}

/** Waits for the end of its input, then stops the process whose id it got, with the bounds of `end`. */
const watcher = `
read -r _
kill -INT "$1"
for second in 1 2 3 4 5 6 7 8 9 10; do
  sleep 1
  kill -0 "$1" || exit 0
done
kill -QUIT "$1"`;

/**
 * Stops the server however this process ends: a killed one runs no code, but the system closes the pipe to a shell that
 * waits for that. Settles when both have exited.
 */
async function stopWithThisProcess({ account }: Cluster, pid: number, exited: Promise<void>): Promise<void> {
  const shell = spawn('/bin/sh', ['-c', watcher, 'hq-postgres-watcher', String(pid)], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    // Without it, the next start stops the server.
    shell.once('error', () => resolve());
  });
  shell.stdin.on('error', () => undefined);
  const shutDown = (): void => signal(pid, 'SIGINT');
  process.once('exit', shutDown);
  await exited;
  process.off('exit', shutDown);
  // The system may give the id to another process now.
  shell.kill('SIGKILL');
  await ended;
}

/** Returns the URL of a database of a server that listens on its socket alone. */
export function socketUrl(directory: string, role: string, password: string): string {
  const host = encodeURIComponent(reachableDirectory(directory));
  return `postgres://${role}:${password}@localhost:${socketPort}/postgres?host=${host}`;
}

const openDirectories = new Map<string, string>();

/** Returns a path by which this process reaches the socket of a directory whose own path is too long. */
function reachableDirectory(directory: string): string {
  if (Buffer.byteLength(join(directory, `.s.PGSQL.${socketPort}`)) <= longestSocketName) return directory;
  if (process.platform !== 'linux') {
    throw new HqError('usage', `The path ${directory} is too long for the socket of a database.`, {
      hint: 'Name a shorter directory with --data.',
      field: 'data',
    });
  }
  const path = openDirectories.get(directory) ?? `/proc/self/fd/${openSync(directory, constants.O_RDONLY)}`;
  openDirectories.set(directory, path);
  return path;
}

function reason(lines: readonly string[]): string {
  return lines.find((line) => line.includes('FATAL:')) ?? lines.at(-1) ?? 'It logged no reason.';
}

/**
 * Stops a server that a killed process left on this directory. Returns true when there was one. The process of
 * postmaster.pid is checked by its directory, since pids are reused.
 */
export async function stopOrphan(cluster: Cluster, boundMs = 10_000): Promise<boolean> {
  const pidFile = join(cluster.directory, 'postmaster.pid');
  const text = await readPrivate(pidFile);
  if (text === undefined) return false;
  const pid = Number(text.split('\n', 1)[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !(await isServerOf(pid, cluster.directory))) {
    // A process that has got its pid meanwhile must not look like it. A machine that lost power leaves an empty file.
    for (const file of [pidFile, join(cluster.directory, `.s.PGSQL.${socketPort}.lock`)])
      await rm(file, { force: true });
    return false;
  }
  await end(pid, untilGone(pid), boundMs);
  return true;
}

async function isServerOf(pid: number, directory: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  try {
    if (process.platform === 'linux')
      return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(directory));
    const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]);
    return stdout.includes(`-D ${directory}`);
  } catch {
    // The process exited meanwhile.
    return false;
  }
}

async function end(pid: number, exited: Promise<void>, boundMs: number): Promise<void> {
  signal(pid, 'SIGINT');
  if ((await withinLimit(boundMs, exited)) !== timedOut) return;
  signal(pid, 'SIGQUIT');
  if ((await withinLimit(2_000, exited)) !== timedOut) return;
  signal(pid, 'SIGKILL');
  await exited;
}

/**
 * Runs a Postgres program on the cluster's directory, without this process's environment. Another account gets the directory
 * as an open file descriptor: it then needs no access to the directories above, which contain keys.
 */
function launch(
  cluster: Cluster,
  program: string,
  args: readonly string[],
  { passwordFile }: { passwordFile?: string } = {},
): ChildProcess {
  const descriptors: number[] = [];
  const pathFor = (path: string): string => {
    if (!cluster.account) return path;
    descriptors.push(openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    return `/proc/self/fd/${descriptors.length + 2}`;
  };
  try {
    const all = ['-D', pathFor(cluster.directory)];
    if (passwordFile) all.push('--pwfile', pathFor(passwordFile));
    return spawn(program, [...all, ...args], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'pipe', ...descriptors],
      // Keeps Ctrl-C in the terminal from reaching it: this process stops its children in order.
      detached: true,
      ...(cluster.account && { uid: cluster.account.uid, gid: cluster.account.gid }),
    });
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

function tail(child: ChildProcess): {
  lines: () => readonly string[];
  untilLogged: (text: string) => Promise<void>;
} {
  const kept: string[] = [];
  const awaited = new Map<string, () => void>();
  let rest = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      kept.push(line);
      for (const [text, found] of awaited) if (line.includes(text)) found();
    }
    kept.splice(0, Math.max(0, kept.length - keptLogLines));
  });
  return {
    lines: () => kept,
    untilLogged: (text) => new Promise((resolve) => awaited.set(text, resolve)),
  };
}

function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new HqError('failed', 'A Postgres program could not be run.', { hint: cause.message, cause })),
    );
    child.once('exit', (code) => resolve(code));
  });
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, name);
}
