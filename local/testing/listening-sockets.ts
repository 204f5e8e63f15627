import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Returns the ports on which these processes listen by TCP. */
export function listeningPorts(pids: readonly number[]): readonly number[] {
  const held = new Set(pids.flatMap(socketsOf));
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode = '']) => state === '0A' && held.has(inode))
      .map(([, address = '']) => Number.parseInt(address.slice(address.indexOf(':') + 1), 16)),
  );
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => inodeOf(`/proc/${pid}/fd/${name}`) ?? []);
  } catch {
    // The process exited meanwhile.
    return [];
  }
}

function inodeOf(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(descriptor))?.[1];
  } catch {
    // It was closed meanwhile.
    return undefined;
  }
}
