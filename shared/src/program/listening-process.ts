import { readdirSync, readlinkSync } from 'node:fs';

/** A socket that a process of this machine holds: a link in `/proc`, and what it shows while the socket is open. */
export interface HeldSocket {
  readonly path: string;
  readonly target: string;
}

/** Finds the process that holds a socket, by the socket's inode; null where this user may not look at it. */
export function findHolder(inode: string): HeldSocket | null {
  const target = `socket:[${inode}]`;
  for (const pid of entriesOf('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of entriesOf(`/proc/${pid}/fd`)) {
      const held = { path: `/proc/${pid}/fd/${fd}`, target };
      if (isHeld(held)) return held;
    }
  }
  return null;
}

/** Returns true while the process still holds the socket. Takes microseconds. */
export function isHeld({ path, target }: HeldSocket): boolean {
  try {
    return readlinkSync(path) === target;
  } catch {
    // The process or its socket is gone.
    return false;
  }
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    // The process ended, or belongs to another user.
    return [];
  }
}
