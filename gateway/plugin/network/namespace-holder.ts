import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { jailUser, systemArguments } from '../sandbox/system-files.ts';

/** Port at which every command of an agent finds its proxy. */
export const proxyPort = 3128;

/**
 * Returns the arguments of bwrap for the process that holds an agent's namespaces and relays the proxy's port. It has
 * neither /dev nor /proc: with one of them bwrap makes a second user namespace, whose owner could not enter the first.
 */
export function namespaceHolderArguments(socat: string, proxySocket: string): string[] {
  return [
    ...['--unshare-user', '--uid', String(jailUser), '--gid', String(jailUser)],
    ...['--unshare-net', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--die-with-parent', '--new-session', '--clearenv', '--info-fd', '3'],
    ...systemArguments(),
    ...['--ro-bind', dirname(proxySocket), '/run/hq', '--remount-ro', '/', '--chdir', '/', '--'],
    socat,
    `TCP-LISTEN:${proxyPort},bind=127.0.0.1,fork,reuseaddr,backlog=128,max-children=256`,
    `UNIX-CONNECT:/run/hq/${basename(proxySocket)}`,
  ];
}

/** Returns whether the relay listens in the network namespace of a process. */
export async function isRelayListening(pid: number): Promise<boolean> {
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8');
  const port = proxyPort.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').some((line) => line.includes(`:${port} 00000000:0000 0A`));
}

/** Variables that lead an agent's programs to its proxy. */
export function proxyEnvironment(): Record<string, string> {
  const proxy = `http://127.0.0.1:${proxyPort}`;
  const noProxy = 'localhost,127.0.0.1,::1';
  return {
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    ALL_PROXY: proxy,
    NO_PROXY: noProxy,
    http_proxy: proxy,
    https_proxy: proxy,
    all_proxy: proxy,
    no_proxy: noProxy,
    NODE_USE_ENV_PROXY: '1',
  };
}
