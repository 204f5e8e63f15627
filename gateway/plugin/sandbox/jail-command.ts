import { jailUser } from './system-files.ts';

/** One place of the host that a jail shows. */
export interface JailMount {
  readonly hostPath: string;
  readonly jailPath: string;
  readonly readOnly: boolean;
}

export interface Jail {
  /** Name of the machine in the jail: the agent's id. */
  readonly name: string;
  /** Arguments of `systemArguments` and `accountArguments`. */
  readonly system: readonly string[];
  readonly mounts: readonly JailMount[];
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** True where the host lets a jail have a /proc of its own; else it has none. */
  readonly hasProc: boolean;
  /** True where further user namespaces may be made inside: Chromium's own sandbox needs them. */
  readonly allowsNamespaces: boolean;
}

/** Bounds of one agent. Where the kernel counts them for the process alone, the line says so. */
export interface JailLimits {
  /** Processes and threads of all commands of an agent together; the kernel does not count those of root. */
  readonly processes: number;
  /** Bytes that one process may allocate. */
  readonly memoryBytes: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of /dev/shm. */
  readonly sharedMemoryBytes: number;
}

export const defaultLimits: JailLimits = {
  processes: 512,
  memoryBytes: 2 * 1024 ** 3,
  fileBytes: 2 * 1024 ** 3,
  sharedMemoryBytes: 64 * 1024 ** 2,
};

/** Chromium has some 150 threads, and reserves more than one process may allocate elsewhere. */
export const browserLimits: JailLimits = { ...defaultLimits, processes: 1024, memoryBytes: 8 * 1024 ** 3 };

/** Returns the arguments of bwrap that make one jail, without the command. */
export function jailArguments(jail: Jail, { sharedMemoryBytes }: JailLimits): string[] {
  return [
    ...['--unshare-user', '--uid', String(jailUser), '--gid', String(jailUser)],
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--hostname', jail.name],
    // Without a session of its own a command could type into the terminal that the gateway was started from.
    ...['--die-with-parent', '--new-session', '--clearenv'],
    ...(jail.allowsNamespaces ? [] : ['--disable-userns']),
    ...jail.system,
    ...(jail.hasProc ? procArguments() : []),
    ...['--dev', '/dev', '--size', String(sharedMemoryBytes), '--perms', '1777', '--tmpfs', '/dev/shm'],
    ...['--remount-ro', '/dev'],
    ...jail.mounts.flatMap(({ readOnly, hostPath, jailPath }) => [
      readOnly ? '--ro-bind' : '--bind',
      hostPath,
      jailPath,
    ]),
    // The root itself is memory: it would hold whatever an agent puts there.
    ...['--remount-ro', '/'],
    ...Object.entries(jail.environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', jail.workdir],
  ];
}

/** A /proc whose switches of the kernel are read-only: a gateway of root could turn them from within a jail. */
function procArguments(): string[] {
  const switches = ['sys', 'sysrq-trigger', 'irq', 'bus', 'acpi', 'fs', 'scsi'].map(
    (name) => `/proc/${name}`,
  );
  return ['--proc', '/proc', ...switches.flatMap((path) => ['--ro-bind-try', path, path])];
}

/** Returns the content of a file of arguments, which bwrap reads: values of variables are in no argument list. */
export function argumentsFile(args: readonly string[]): string {
  return args.map((argument) => `${argument.replaceAll('\0', '')}\0`).join('');
}

export interface EnterOptions {
  readonly programs: { readonly bwrap: string; readonly nsenter: string; readonly prlimit: string };
  readonly namespaces: { readonly user: string; readonly network: string };
  readonly limits: JailLimits;
  readonly argumentsPath: string;
}

/**
 * Returns the argument list that runs a command in a jail in an agent's namespaces. The order matters: limits that are
 * set after `nsenter` are counted for this agent, and not for the gateway's user.
 */
export function enterCommand(
  { programs, namespaces, limits, argumentsPath }: EnterOptions,
  command: readonly string[],
): string[] {
  return [
    '/bin/sh',
    '-c',
    // The kernel ends a command before the gateway when memory is short. The process id stays the same to the end.
    'echo 800 >/proc/self/oom_score_adj; echo $$ >"$0.pid"; exec "$@" 9<"$0"',
    argumentsPath,
    ...[
      programs.nsenter,
      `--user=${namespaces.user}`,
      '--preserve-credentials',
      `--net=${namespaces.network}`,
    ],
    '--',
    ...[programs.prlimit, `--nproc=${limits.processes}`, `--data=${limits.memoryBytes}`],
    ...[`--fsize=${limits.fileBytes}`, '--core=0', '--'],
    ...[programs.bwrap, '--args', '9', '--', ...command],
  ];
}
