import { readFileSync } from 'node:fs';

const kibPerMib = 1024;
/** The kernel counts processor time in hundredths of a second. */
const msPerTick = 10;

/** MiB of resident memory. */
export function memoryMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / kibPerMib;
}

/** MiB of resident memory, with a page that several processes share counted in parts. The parts of all add up to what is used. */
export function memoryShareMib(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / kibPerMib;
}

/** Milliseconds of processor time so far, without that of children. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * msPerTick;
}

/** Name of a process, at most 15 characters. */
export const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
