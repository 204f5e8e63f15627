import { appendFileSync, copyFileSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { fileFault } from '@hq/shared/program';

/** A log and its predecessor take twice this at most, and what a program writes within a check. */
const keptBytes = 8 * 1024 * 1024;

/** Appends lines to a log of mode 0600. Never throws: a line that cannot be written is lost and counted. */
export function appendingTo(path: string): (line: string) => void {
  let lost = 0;
  return (line) => {
    const time = new Date().toISOString();
    try {
      if (isLarge(path)) renameSync(path, `${path}.1`);
      const note =
        lost === 0 ? '' : `${time} ${lost} messages were lost while the log could not be written\n`;
      appendFileSync(path, `${note}${time} ${line}\n`, { mode: 0o600 });
      lost = 0;
    } catch {
      lost += 1;
    }
  };
}

/** Opens the log of a child for appending; /dev/null with a message to `report` if that fails. */
export function openChildLog(path: string, report: (line: string) => void): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    report(`${path} cannot be opened: ${fileFault(error)}. The messages of this run are lost`);
    return openSync('/dev/null', 'a');
  }
}

/**
 * Moves a large log of a running child to its predecessor. The child keeps its descriptor, so the content is copied and the
 * file emptied; on a full disk it is emptied alone.
 */
export function limitChildLog(path: string): void {
  try {
    if (!isLarge(path)) return;
    copyFileSync(path, `${path}.1`);
  } catch {
    // No space is left for the copy: emptying the log makes some.
  }
  try {
    if (isLarge(path)) truncateSync(path);
  } catch {
    // The next check tries again.
  }
}

function isLarge(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > keptBytes;
}
